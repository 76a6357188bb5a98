import type { Shape } from "../../config/shape.ts";

/** Made from the schema by scripts/shapes.ts; a test says when it is out of date. */
export const manifestShape: Shape = {
  kind: "map",
  keys: {
    version: {
      kind: "choice",
      values: [1],
    },
    root: {
      kind: "text",
      pattern: "^(?!~[^/])[\\s\\S]",
      optional: true,
    },
    roles: {
      kind: "record",
      name: "^[A-Za-z0-9._-]+$",
      value: {
        kind: "map",
        keys: {
          description: {
            kind: "text",
            pattern: "",
            optional: true,
          },
          limits: {
            kind: "map",
            keys: {
              timeout: {
                kind: "duration",
                min: 1,
                max: 2073600000,
                optional: true,
              },
            },
            optional: true,
          },
        },
        nullable: true,
      },
      optional: true,
    },
    repos: {
      kind: "record",
      name: "^(?!.*\\.\\.)(?!.*\\.(?:lock)?$)[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
      value: {
        kind: "map",
        keys: {
          url: {
            kind: "text",
            pattern: "",
            optional: true,
          },
          path: {
            kind: "text",
            pattern: "^(?!~[^/])[^\\0]+$",
            optional: true,
          },
          branch: {
            kind: "text",
            pattern:
              "^(?![-/.])(?!.*(?:\\/[/.]|\\.\\.|@\\{))(?!@$)(?!.*\\.lock(?:\\/|$))[^\\u0000-\\u0020\\u007F~^:?*[\\\\]+(?<![/.])$",
            optional: true,
          },
          role: {
            kind: "text",
            pattern: "",
            optional: true,
          },
          tags: {
            kind: "list",
            item: {
              kind: "text",
              pattern: "^[A-Za-z0-9._-]+(?:\\/[A-Za-z0-9._-]+)*$",
            },
            optional: true,
          },
          needs: {
            kind: "list",
            item: {
              kind: "text",
              pattern: "",
            },
            optional: true,
          },
          optional: {
            kind: "boolean",
            optional: true,
          },
          env: {
            kind: "record",
            name: "^(?!MAHAVISHNU_)[A-Za-z_][A-Za-z0-9_]*$",
            value: {
              kind: "text",
              pattern: "",
            },
            optional: true,
          },
        },
        nullable: true,
      },
      nullable: true,
      optional: true,
    },
    selectors: {
      kind: "record",
      name: "^[A-Za-z0-9._-]+$",
      value: {
        kind: "text",
        pattern: "[^]",
      },
      optional: true,
    },
    import: {
      kind: "list",
      item: {
        kind: "text",
        pattern: "^(?!~[^/])[\\s\\S]",
      },
      optional: true,
    },
  },
};
