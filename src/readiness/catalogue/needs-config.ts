/** What every check needs that looks at a value of the configuration: that it loads. */
export const needsConfig: readonly string[] = ["CFG001", "CFG005", "CFG006"];
