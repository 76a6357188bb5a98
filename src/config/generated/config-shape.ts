import type { Shape } from "../shape.ts";

/** Made from the schema by scripts/shapes.ts; a test says when it is out of date. */
export const configShape: Shape = {
  kind: "map",
  keys: {
    version: {
      kind: "choice",
      values: [1],
    },
    profile: {
      kind: "choice",
      values: ["development", "production"],
      fallback: "production",
    },
    repositories: {
      kind: "path",
      pattern: "^(?!\\$\\{|~[^/])[^\\0]+$",
      fallback: "./repos.yaml",
    },
    workflows: {
      kind: "path",
      pattern: "^(?!\\$\\{|~[^/])[^\\0]+$",
      fallback: "./workflows",
    },
    state: {
      kind: "map",
      keys: {
        url: {
          kind: "text",
          pattern: "^sqlite:(?!:)[^\\0?]+$",
          fallback: "sqlite:.mahavishnu/state.db",
        },
      },
      fallback: {},
    },
    engine: {
      kind: "choice",
      values: ["embedded"],
      fallback: "embedded",
    },
    limits: {
      kind: "map",
      keys: {
        maxConcurrentWorkflows: {
          kind: "number",
          integer: true,
          min: 1,
          fallback: 10,
        },
        maxConcurrentSteps: {
          kind: "number",
          integer: true,
          min: 1,
          fallback: 8,
        },
        retry: {
          kind: "map",
          keys: {
            attempts: {
              kind: "number",
              integer: true,
              min: 1,
              fallback: 3,
            },
            backoff: {
              kind: "choice",
              values: ["exponential", "fixed"],
              fallback: "exponential",
            },
            first: {
              kind: "duration",
              min: 0,
              max: 2073600000,
              fallback: "1s",
            },
            max: {
              kind: "duration",
              min: 0,
              max: 2073600000,
              fallback: "1m",
            },
          },
          fallback: {},
        },
        timeout: {
          kind: "duration",
          min: 1,
          max: 2073600000,
          fallback: "15m",
        },
        stepTimeout: {
          kind: "duration",
          min: 1,
          max: 2073600000,
          optional: true,
        },
        runTimeout: {
          kind: "duration",
          min: 1,
          max: 2073600000,
          fallback: "24h",
        },
        maxOutputBytes: {
          kind: "size",
          min: 1024,
          max: 68719476736,
          fallback: "10MiB",
        },
        lease: {
          kind: "duration",
          min: 1,
          max: 2073600000,
          fallback: "10s",
        },
        heartbeat: {
          kind: "duration",
          min: 1,
          max: 2073600000,
          fallback: "2s",
        },
        grace: {
          kind: "duration",
          min: 0,
          max: 2073600000,
          fallback: "5s",
        },
      },
      fallback: {},
    },
    auth: {
      kind: "map",
      keys: {
        enabled: {
          kind: "boolean",
          fallback: true,
        },
        secret: {
          kind: "secret",
          optional: true,
        },
        tokenTtl: {
          kind: "duration",
          min: 1,
          max: 31622400000,
          fallback: "1h",
        },
        sessionTtl: {
          kind: "duration",
          min: 1,
          max: 604800000,
          fallback: "8h",
        },
        algorithm: {
          kind: "choice",
          values: ["EdDSA", "HS256"],
          fallback: "EdDSA",
        },
        issuer: {
          kind: "text",
          pattern: "^\\S{1,200}$",
          fallback: "mahavishnu",
        },
        audience: {
          kind: "text",
          pattern: "^\\S{1,200}$",
          fallback: "mahavishnu",
        },
        oidc: {
          kind: "map",
          keys: {
            issuer: {
              kind: "text",
              pattern:
                "^(?:https:\\/\\/[^\\s?#@/]+(?:\\/[^\\s?#]*)?|http:\\/\\/(?:localhost|127(?:\\.\\d{1,3}){3}|\\[::1\\])(?::\\d{1,5})?(?:\\/[^\\s?#]*)?)$",
              optional: true,
            },
            audience: {
              kind: "text",
              pattern: "^\\S{1,200}$",
              optional: true,
            },
            clientId: {
              kind: "text",
              pattern: "^\\S{1,200}$",
              optional: true,
            },
            clientSecret: {
              kind: "secret",
              optional: true,
            },
            subjectClaim: {
              kind: "text",
              pattern: "^\\S{1,200}$",
              fallback: "sub",
            },
            groupsClaim: {
              kind: "text",
              pattern: "^\\S{1,200}$",
              fallback: "groups",
            },
            scopes: {
              kind: "list",
              item: {
                kind: "text",
                pattern: "^[!#-[\\]-~]{1,200}$",
              },
              fallback: ["openid", "profile"],
            },
            clockSkew: {
              kind: "duration",
              min: 0,
              max: 300000,
              fallback: "60s",
            },
          },
          optional: true,
        },
      },
      fallback: {},
    },
    access: {
      kind: "map",
      keys: {
        roles: {
          kind: "record",
          name: "^[A-Za-z][\\w-]{0,63}$",
          value: {
            kind: "map",
            keys: {
              description: {
                kind: "text",
                pattern: "\\S",
                optional: true,
              },
              permissions: {
                kind: "list",
                item: {
                  kind: "choice",
                  values: [
                    "config:read",
                    "repos:read",
                    "workflows:read",
                    "workspace:write",
                    "runs:read",
                    "runs:start",
                    "runs:exec",
                    "runs:cancel",
                    "approvals:decide",
                    "adapters:read",
                    "readiness:run",
                    "access:read",
                    "access:write",
                    "audit:read",
                    "webhooks:read",
                    "webhooks:write",
                    "telemetry:read",
                    "alerts:silence",
                    "backups:write",
                    "state:purge",
                  ],
                },
                fallback: [],
              },
              extends: {
                kind: "list",
                item: {
                  kind: "text",
                  pattern: "^[A-Za-z][\\w-]{0,63}$",
                },
                fallback: [],
              },
            },
          },
          fallback: {},
        },
        bindings: {
          kind: "list",
          item: {
            kind: "map",
            keys: {
              subject: {
                kind: "text",
                pattern: "^(local|user|group|service|token):\\S+$",
              },
              role: {
                kind: "text",
                pattern: "^[A-Za-z][\\w-]{0,63}$",
              },
              where: {
                kind: "scope",
                optional: true,
              },
            },
          },
          fallback: [],
        },
      },
      fallback: {},
    },
    server: {
      kind: "map",
      keys: {
        host: {
          kind: "text",
          pattern: "^[\\w.:-]+$",
          fallback: "127.0.0.1",
        },
        port: {
          kind: "number",
          integer: true,
          min: 0,
          max: 65535,
          fallback: 8680,
        },
        publicUrl: {
          kind: "text",
          pattern: "^https?:\\/\\/[^\\s/?#@]+$",
          optional: true,
        },
        tls: {
          kind: "map",
          keys: {
            cert: {
              kind: "path",
              pattern: "^(?!\\$\\{|~[^/])[^\\0]+$",
              optional: true,
            },
            key: {
              kind: "path",
              pattern: "^(?!\\$\\{|~[^/])[^\\0]+$",
              optional: true,
            },
          },
          optional: true,
        },
        cors: {
          kind: "list",
          item: {
            kind: "text",
            pattern: "^https?:\\/\\/[^\\s/?#@]+$",
          },
          fallback: [],
        },
        trustProxy: {
          kind: "list",
          item: {
            kind: "text",
            pattern:
              "^(?:(?:(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(?:\\/(?:[1-9]|[12]\\d|3[0-2]))?|[\\da-fA-F]{0,4}:[\\da-fA-F:.]{1,41}(?:\\/(?:[1-9]|[1-9]\\d|1[01]\\d|12[0-8]))?)$",
          },
          fallback: [],
        },
        maxBody: {
          kind: "size",
          min: 1024,
          max: 67108864,
          fallback: "1MiB",
        },
        maxConnections: {
          kind: "number",
          integer: true,
          min: 1,
          fallback: 2000,
        },
        requestsPerMinute: {
          kind: "number",
          integer: true,
          min: 1,
          fallback: 6000,
        },
        requestTimeout: {
          kind: "duration",
          min: 1,
          max: 2073600000,
          fallback: "30s",
        },
        drain: {
          kind: "duration",
          min: 0,
          max: 2073600000,
          fallback: "30s",
        },
      },
      fallback: {},
    },
    webhooks: {
      kind: "map",
      keys: {
        incoming: {
          kind: "record",
          name: "^[A-Za-z][\\w-]{0,63}$",
          value: {
            kind: "map",
            keys: {
              enabled: {
                kind: "boolean",
                fallback: true,
              },
              workflow: {
                kind: "text",
                pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
                optional: true,
              },
              secret: {
                kind: "secret",
                optional: true,
              },
              previousSecret: {
                kind: "secret",
                optional: true,
              },
              scheme: {
                kind: "choice",
                values: ["standard", "github"],
                fallback: "standard",
              },
              inputs: {
                kind: "record",
                name: "^[A-Za-z][\\w-]{0,63}$",
                value: {
                  kind: "text",
                  pattern: "[^]",
                },
                fallback: {},
              },
              select: {
                kind: "text",
                pattern: "\\S",
                optional: true,
              },
              window: {
                kind: "duration",
                min: 1000,
                max: 3600000,
                fallback: "5m",
              },
            },
          },
          fallback: {},
        },
        outgoing: {
          kind: "record",
          name: "^[A-Za-z][\\w-]{0,63}$",
          value: {
            kind: "map",
            keys: {
              enabled: {
                kind: "boolean",
                fallback: true,
              },
              url: {
                kind: "text",
                pattern: "^https?:\\/\\/[^\\s@#/?]+(?:[/?][^\\s#]*)?$",
                optional: true,
              },
              secret: {
                kind: "secret",
                optional: true,
              },
              previousSecret: {
                kind: "secret",
                optional: true,
              },
              on: {
                kind: "list",
                item: {
                  kind: "choice",
                  values: [
                    "run.created",
                    "run.started",
                    "run.retried",
                    "run.finished",
                    "run.succeeded",
                    "run.partial",
                    "run.failed",
                    "run.cancelled",
                  ],
                },
                fallback: ["run.finished"],
              },
              workflows: {
                kind: "list",
                item: {
                  kind: "text",
                  pattern: "\\S",
                },
                fallback: [],
              },
              where: {
                kind: "scope",
                optional: true,
              },
              timeout: {
                kind: "duration",
                min: 1,
                max: 300000,
                fallback: "10s",
              },
              attempts: {
                kind: "number",
                integer: true,
                min: 1,
                max: 100,
                fallback: 15,
              },
            },
          },
          fallback: {},
        },
      },
      fallback: {},
    },
    secrets: {
      kind: "record",
      name: "^[A-Za-z]\\w*$",
      value: {
        kind: "secret",
      },
      fallback: {},
    },
    steps: {
      kind: "map",
      keys: {
        env: {
          kind: "choice",
          values: ["inherit", "minimal"],
          fallback: "inherit",
        },
      },
      fallback: {},
    },
    paths: {
      kind: "map",
      keys: {
        allowedRoots: {
          kind: "list",
          item: {
            kind: "path",
            pattern: "^(?!\\$\\{|~[^/])[^\\0]+$",
          },
          fallback: [],
        },
      },
      fallback: {},
    },
    telemetry: {
      kind: "map",
      keys: {
        logs: {
          kind: "map",
          keys: {
            level: {
              kind: "choice",
              values: ["trace", "debug", "info", "warn", "error"],
              fallback: "info",
            },
            format: {
              kind: "choice",
              values: ["json", "pretty"],
              fallback: "json",
            },
          },
          fallback: {},
        },
        metrics: {
          kind: "map",
          keys: {
            enabled: {
              kind: "boolean",
              fallback: true,
            },
          },
          fallback: {},
        },
        traces: {
          kind: "map",
          keys: {
            otlp: {
              kind: "text",
              pattern: "^https?:\\/\\/[^\\s@#/?]+(?:\\/[^\\s#?]*)?$",
              optional: true,
            },
            token: {
              kind: "secret",
              optional: true,
            },
            ratio: {
              kind: "number",
              integer: false,
              min: 0,
              fallback: 1,
            },
          },
          fallback: {},
        },
        channels: {
          kind: "record",
          name: "^[A-Za-z][\\w-]{0,63}$",
          value: {
            kind: "map",
            keys: {
              webhook: {
                kind: "secret",
                optional: true,
              },
              secret: {
                kind: "secret",
                optional: true,
              },
              slack: {
                kind: "secret",
                optional: true,
              },
              pagerduty: {
                kind: "secret",
                optional: true,
              },
              smtp: {
                kind: "map",
                keys: {
                  host: {
                    kind: "text",
                    pattern: "^[\\w.:-]+$",
                    optional: true,
                  },
                  port: {
                    kind: "number",
                    integer: true,
                    min: 1,
                    max: 65535,
                    fallback: 587,
                  },
                  tls: {
                    kind: "choice",
                    values: ["startTls", "implicit", "none"],
                    fallback: "startTls",
                  },
                  user: {
                    kind: "text",
                    pattern: "^\\S{1,200}$",
                    optional: true,
                  },
                  password: {
                    kind: "secret",
                    optional: true,
                  },
                  from: {
                    kind: "text",
                    pattern: "^[^\\s@<>]+@[^\\s@<>]+$",
                    optional: true,
                  },
                  to: {
                    kind: "list",
                    item: {
                      kind: "text",
                      pattern: "^[^\\s@<>]+@[^\\s@<>]+$",
                    },
                    fallback: [],
                  },
                },
                optional: true,
              },
              alertmanager: {
                kind: "text",
                pattern: "^https?:\\/\\/[^\\s@#/?]+(?:[/?][^\\s#]*)?$",
                optional: true,
              },
              token: {
                kind: "secret",
                optional: true,
              },
              file: {
                kind: "path",
                pattern: "^(?!\\$\\{|~[^/])[^\\0]+$",
                optional: true,
              },
              url: {
                kind: "text",
                pattern: "^https?:\\/\\/[^\\s@#/?]+(?:[/?][^\\s#]*)?$",
                optional: true,
              },
              timeout: {
                kind: "duration",
                min: 1,
                max: 300000,
                fallback: "10s",
              },
              attempts: {
                kind: "number",
                integer: true,
                min: 1,
                max: 100,
                fallback: 15,
              },
            },
          },
          fallback: {},
        },
        alerts: {
          kind: "list",
          item: {
            kind: "map",
            keys: {
              name: {
                kind: "text",
                pattern: "^[A-Za-z][\\w-]{0,63}$",
              },
              on: {
                kind: "list",
                item: {
                  kind: "choice",
                  values: [
                    "run.failed",
                    "run.partial",
                    "run.cancelled",
                    "run.interrupted",
                    "readiness.failed",
                    "adapter.down",
                    "server.degraded",
                    "webhook.dead",
                    "backup.failed",
                    "backup.stale",
                  ],
                },
                fallback: [],
              },
              absent: {
                kind: "map",
                keys: {
                  event: {
                    kind: "choice",
                    values: ["run.started", "run.succeeded", "backup.created"],
                    fallback: "run.succeeded",
                  },
                  for: {
                    kind: "duration",
                    min: 1,
                    max: 316224000000,
                    fallback: "25h",
                  },
                },
                optional: true,
              },
              when: {
                kind: "map",
                keys: {
                  figure: {
                    kind: "choice",
                    values: [
                      "runs.failed",
                      "runs.failureRatio",
                      "runs.queued",
                      "runs.oldestQueued",
                      "runs.longestRunning",
                      "state.bytes",
                      "disk.freeRatio",
                    ],
                    fallback: "runs.failureRatio",
                  },
                  above: {
                    kind: "number",
                    integer: false,
                    min: 0,
                    optional: true,
                  },
                  below: {
                    kind: "number",
                    integer: false,
                    min: 0,
                    optional: true,
                  },
                  over: {
                    kind: "duration",
                    min: 1000,
                    max: 316224000000,
                    fallback: "15m",
                  },
                },
                optional: true,
              },
              burnRate: {
                kind: "map",
                keys: {
                  slo: {
                    kind: "text",
                    pattern: "^[A-Za-z][\\w-]{0,63}$",
                    optional: true,
                  },
                },
                optional: true,
              },
              workflows: {
                kind: "list",
                item: {
                  kind: "text",
                  pattern: "\\S",
                },
                fallback: [],
              },
              where: {
                kind: "scope",
                optional: true,
              },
              for: {
                kind: "duration",
                min: 0,
                max: 2073600000,
                fallback: "0s",
              },
              severity: {
                kind: "choice",
                values: ["critical", "error", "warning", "info"],
                fallback: "error",
              },
              groupWait: {
                kind: "duration",
                min: 0,
                max: 3600000,
                fallback: "0s",
              },
              repeat: {
                kind: "duration",
                min: 60000,
                max: 316224000000,
                fallback: "4h",
              },
              runbook: {
                kind: "text",
                pattern: "^https?:\\/\\/[^\\s@#/?]+(?:[/?][^\\s#]*)?$",
                optional: true,
              },
              notify: {
                kind: "list",
                item: {
                  kind: "text",
                  pattern: "\\S",
                },
                fallback: [],
              },
            },
          },
          fallback: [],
        },
        slos: {
          kind: "record",
          name: "^[A-Za-z][\\w-]{0,63}$",
          value: {
            kind: "map",
            keys: {
              description: {
                kind: "text",
                pattern: "\\S",
                optional: true,
              },
              workflows: {
                kind: "list",
                item: {
                  kind: "text",
                  pattern: "\\S",
                },
                fallback: [],
              },
              availability: {
                kind: "map",
                keys: {
                  objective: {
                    kind: "number",
                    integer: false,
                    min: 0,
                    fallback: 99,
                  },
                },
                optional: true,
              },
              latency: {
                kind: "map",
                keys: {
                  objective: {
                    kind: "number",
                    integer: false,
                    min: 0,
                    fallback: 99,
                  },
                  within: {
                    kind: "duration",
                    min: 1,
                    max: 316224000000,
                    fallback: "15m",
                  },
                },
                optional: true,
              },
              window: {
                kind: "duration",
                min: 3600000,
                max: 34560000000,
                fallback: "30d",
              },
            },
          },
          fallback: {},
        },
      },
      fallback: {},
    },
    backup: {
      kind: "map",
      keys: {
        folder: {
          kind: "path",
          pattern: "^(?!\\$\\{|~[^/])[^\\0]+$",
          fallback: "./.mahavishnu/backups",
        },
        every: {
          kind: "duration",
          min: 60000,
          max: 2073600000,
          optional: true,
        },
        keep: {
          kind: "map",
          keys: {
            daily: {
              kind: "number",
              integer: true,
              min: 0,
              fallback: 7,
            },
            weekly: {
              kind: "number",
              integer: true,
              min: 0,
              fallback: 4,
            },
            monthly: {
              kind: "number",
              integer: true,
              min: 0,
              fallback: 12,
            },
          },
          fallback: {},
        },
        key: {
          kind: "secret",
          optional: true,
        },
        maxAge: {
          kind: "duration",
          min: 1,
          max: 316224000000,
          fallback: "24h",
        },
      },
      fallback: {},
    },
    retention: {
      kind: "map",
      keys: {
        every: {
          kind: "duration",
          min: 60000,
          max: 2073600000,
          optional: true,
        },
        runs: {
          kind: "map",
          keys: {
            succeeded: {
              kind: "map",
              keys: {
                age: {
                  kind: "duration",
                  min: 0,
                  max: 316224000000,
                  fallback: "90d",
                },
                count: {
                  kind: "number",
                  integer: true,
                  min: 0,
                  fallback: 100000,
                },
              },
              fallback: {},
            },
            partial: {
              kind: "map",
              keys: {
                age: {
                  kind: "duration",
                  min: 0,
                  max: 316224000000,
                  fallback: "180d",
                },
                count: {
                  kind: "number",
                  integer: true,
                  min: 0,
                  fallback: 100000,
                },
              },
              fallback: {},
            },
            failed: {
              kind: "map",
              keys: {
                age: {
                  kind: "duration",
                  min: 0,
                  max: 316224000000,
                  fallback: "180d",
                },
                count: {
                  kind: "number",
                  integer: true,
                  min: 0,
                  fallback: 100000,
                },
              },
              fallback: {},
            },
            cancelled: {
              kind: "map",
              keys: {
                age: {
                  kind: "duration",
                  min: 0,
                  max: 316224000000,
                  fallback: "90d",
                },
                count: {
                  kind: "number",
                  integer: true,
                  min: 0,
                  fallback: 100000,
                },
              },
              fallback: {},
            },
          },
          fallback: {},
        },
        output: {
          kind: "map",
          keys: {
            age: {
              kind: "duration",
              min: 0,
              max: 316224000000,
              fallback: "90d",
            },
            count: {
              kind: "number",
              integer: true,
              min: 0,
              fallback: 100000,
            },
          },
          fallback: {},
        },
        log: {
          kind: "map",
          keys: {
            age: {
              kind: "duration",
              min: 0,
              max: 316224000000,
              fallback: "30d",
            },
            bytes: {
              kind: "size",
              min: 1048576,
              max: 1099511627776,
              fallback: "1GiB",
            },
          },
          fallback: {},
        },
        audit: {
          kind: "map",
          keys: {
            age: {
              kind: "duration",
              min: 1,
              max: 316224000000,
              optional: true,
            },
          },
          fallback: {},
        },
      },
      fallback: {},
    },
    readiness: {
      kind: "map",
      keys: {
        waivers: {
          kind: "path",
          pattern: "^(?!\\$\\{|~[^/])[^\\0]+$",
          optional: true,
        },
        thresholds: {
          kind: "map",
          keys: {
            workflowSpeed: {
              kind: "map",
              keys: {
                median: {
                  kind: "duration",
                  min: 1,
                  max: 2073600000,
                  fallback: "250ms",
                },
                p95: {
                  kind: "duration",
                  min: 1,
                  max: 2073600000,
                  fallback: "1s",
                },
              },
              fallback: {},
            },
            stepCost: {
              kind: "map",
              keys: {
                median: {
                  kind: "duration",
                  min: 1,
                  max: 2073600000,
                  fallback: "25ms",
                },
              },
              fallback: {},
            },
            coldStart: {
              kind: "map",
              keys: {
                median: {
                  kind: "duration",
                  min: 1,
                  max: 2073600000,
                  fallback: "3s",
                },
              },
              fallback: {},
            },
            concurrentRuns: {
              kind: "map",
              keys: {
                median: {
                  kind: "duration",
                  min: 1,
                  max: 2073600000,
                  fallback: "10s",
                },
              },
              fallback: {},
            },
            repositoryStatus: {
              kind: "map",
              keys: {
                median: {
                  kind: "duration",
                  min: 1,
                  max: 2073600000,
                  fallback: "5s",
                },
              },
              fallback: {},
            },
            manifestLoad: {
              kind: "map",
              keys: {
                median: {
                  kind: "duration",
                  min: 1,
                  max: 2073600000,
                  fallback: "200ms",
                },
              },
              fallback: {},
            },
            workflowThroughput: {
              kind: "map",
              keys: {
                median: {
                  kind: "number",
                  integer: false,
                  min: 1,
                  fallback: 300,
                },
              },
              fallback: {},
            },
            eventThroughput: {
              kind: "map",
              keys: {
                median: {
                  kind: "number",
                  integer: false,
                  min: 1,
                  fallback: 500,
                },
              },
              fallback: {},
            },
          },
          fallback: {},
        },
        gates: {
          kind: "map",
          keys: {
            acceptWaivedCritical: {
              kind: "boolean",
              fallback: false,
            },
          },
          fallback: {},
        },
      },
      fallback: {},
    },
  },
};
