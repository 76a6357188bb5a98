import { serveWords, type Values } from "./values.ts";

/** The image: built from a clone of the project, with nothing in it but Node, git and the packed command. */
export function renderContainerfile(values: Values): string {
  const { image, user, configuration, workspace, port } = values;
  const words = ["mahavishnu", ...serveWords(values)].map((word) => JSON.stringify(word)).join(", ");
  return `# Rendered from scripts/deploy. Build it in the root of a clone:
#   docker build -f deploy/container/Containerfile -t ${image.repository}:${image.tag} .
FROM ${image.node} AS build
WORKDIR /build
COPY . .
RUN npm ci && npm pack --pack-destination /packed

FROM ${image.node}
# git is what the product works with; tini ends what steps leave behind, since the server is the first process here.
# hadolint ignore=DL3008
RUN apt-get update \\
  && apt-get install -y --no-install-recommends ca-certificates git openssh-client tini \\
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /packed/ /packed/
RUN npm install --global --ignore-scripts /packed/*.tgz \\
  && rm -rf /packed /root/.npm \\
  && groupadd --gid ${user.uid} ${user.name} \\
  && useradd --uid ${user.uid} --gid ${user.uid} --home-dir ${workspace} --shell /usr/sbin/nologin ${user.name} \\
  && install -d -m 0700 -o ${user.uid} -g ${user.uid} ${workspace} \\
  && install -d -m 0755 ${configuration}
ENV NODE_ENV=production
USER ${user.uid}:${user.uid}
WORKDIR ${workspace}
VOLUME ["${workspace}"]
EXPOSE ${port}
STOPSIGNAL SIGTERM
# Asks the process itself; its certificate is for the name that others use, not for this address.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \\
  CMD ["node", "-e", "require('node:https').get({host:'127.0.0.1',port:${port},path:'/livez',rejectUnauthorized:false},(a)=>process.exit(a.statusCode===200?0:1)).on('error',()=>process.exit(1))"]
ENTRYPOINT ["tini", "-g", "--"]
CMD [${words}]
`;
}

/** What the build does not need of a clone. */
export function renderIgnore(): string {
  return `.git
node_modules
dist
demo
coverage
.cache
.mahavishnu
*.tgz
`;
}
