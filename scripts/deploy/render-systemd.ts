import { serveWords, stopSeconds, type Values } from "./values.ts";

/** The service; hardened as far as a program can be that starts what users wrote. */
export function renderService(values: Values): string {
  const { user, command, configuration, workspace } = values;
  return `# Rendered from scripts/deploy; see docs/operations.md. Change it with \`systemctl edit mahavishnu\`, not here.
[Unit]
Description=Mahavishnu: durable workflows across git repositories
Documentation=file:///usr/share/doc/mahavishnu/operations.md
Wants=network-online.target
After=network-online.target
Requires=mahavishnu.socket
After=mahavishnu.socket

[Service]
Type=exec
User=${user.name}
Group=${user.name}
# Secrets that the configuration's \${env:…} references name, mode 0600, NAME=value a line.
EnvironmentFile=-${configuration}/secrets.env
WorkingDirectory=${workspace}
ExecStart=${command} ${serveWords(values).join(" ")}
# TERM drains; what goes on then is left to the next server. Steps are in groups of their own and are ended by the server itself.
KillMode=mixed
TimeoutStopSec=${stopSeconds(values)}
SuccessExitStatus=143
Restart=on-failure
RestartSec=2

StateDirectory=${workspace.split("/").at(-1) ?? ""}
StateDirectoryMode=0700
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
# Not ProtectProc=: whether the owner of a run still lives is seen by its process, also when another user has begun it.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
LimitNOFILE=65536
TasksMax=4096

[Install]
WantedBy=multi-user.target
Also=mahavishnu.socket
`;
}

/** The socket: systemd listens, so that no connection is refused while the service is restarted. */
export function renderSocket({ port }: Values): string {
  return `# Rendered from scripts/deploy. It must listen where server.host and server.port of the configuration say.
[Unit]
Description=Mahavishnu's listening socket

[Socket]
ListenStream=127.0.0.1:${port}
Backlog=512
NoDelay=true

[Install]
WantedBy=sockets.target
`;
}

/** The user and its folders. */
export function renderSysusers({ user, workspace }: Values): string {
  return `# Rendered from scripts/deploy.\nu ${user.name} - "Mahavishnu" ${workspace}\n`;
}
