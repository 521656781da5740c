#!/usr/bin/env bash
# Leaves a Docker engine running with the grader's image in it. Idempotent: what is there already is kept.
#
#   scripts/start_docker.sh            as root on Debian 12, or as any user where an engine answers
#
# Where gVisor is installed (Debian's runsc), an engine that this starts knows it as the runtime runsc.
#
# Environment:
#   GRADER_IMAGE     tag of the image            (deep-grader-sandbox:latest)
#   BASE_IMAGE       image it is built on        (the Dockerfile's; where it can't be pulled, one made by debootstrap)
#   GRADER_CA_BUNDLE certificates for pip        (none with a pulled base; the host's own with a debootstrapped one)
set -euo pipefail
cd "$(dirname "$0")/.."

image=${GRADER_IMAGE:-deep-grader-sandbox:latest}
local_base=deep-grader-base:bookworm
engine_log=${TMPDIR:-/tmp}/dockerd.log
engine_settings=${TMPDIR:-/tmp}/dockerd.json

say() { printf 'start_docker: %s\n' "$*" >&2; }

answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

install_engine() {
    command -v dockerd >/dev/null && return
    say "installing docker.io"
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends docker.io iptables >/dev/null
}

# Arguments of a runtime can only be given in a file: --add-runtime takes a name and a path. ptrace works without KVM
# and in a container; a network of gVisor's own fails to start where the engine gives none.
runsc_settings() {
    printf '{"runtimes": {"runsc": {"path": "%s", "runtimeArgs": ["--platform=ptrace", "--network=none"]}}}\n' \
        "$(command -v runsc)"
}

knows_runsc() { docker info --format '{{json .Runtimes}}' | grep -q '"runsc"'; }

start_engine() {
    if answers; then
        if command -v runsc >/dev/null && ! knows_runsc; then
            say "runsc is installed, but the running engine does not know it; name it in /etc/docker/daemon.json:"
            runsc_settings >&2
        fi
        return
    fi
    if [ "$(id -u)" != 0 ]; then
        say "no engine answers; start Docker, or run this as root"
        exit 1
    fi
    install_engine
    if answers; then return; fi # the package may have started it
    say "starting dockerd, log in $engine_log"
    local settings=()
    # Somebody's own settings stay as they are.
    if command -v runsc >/dev/null && [ ! -e /etc/docker/daemon.json ]; then
        runsc_settings >"$engine_settings"
        settings=(--config-file "$engine_settings")
    fi
    setsid dockerd --storage-driver=overlay2 "${settings[@]}" >"$engine_log" 2>&1 </dev/null &
    for _ in $(seq 150); do
        answers && return
        sleep 0.2
    done
    say "dockerd does not answer; the end of its log:"
    tail -n 20 "$engine_log" >&2
    exit 1
}

# A base image where no registry can be reached: Debian and its Python, from Debian's own packages.
make_base() {
    docker image inspect "$local_base" >/dev/null 2>&1 && return
    say "making $local_base with debootstrap"
    command -v debootstrap >/dev/null || { apt-get update -qq && apt-get install -y -qq debootstrap >/dev/null; }
    local root
    root=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$root'" EXIT
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$root" >"$root.log" 2>&1 ||
        { tail -n 20 "$root.log" >&2; exit 1; }
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root.log"
    tar -C "$root" -c . | docker import - "$local_base" >/dev/null
}

pick_base() {
    if [ -n "${BASE_IMAGE:-}" ]; then
        echo "$BASE_IMAGE"
        return
    fi
    local wanted
    wanted=$(sed -n 's/^ARG BASE_IMAGE=//p' Dockerfile)
    if docker image inspect "$wanted" >/dev/null 2>&1 || timeout 60 docker pull -q "$wanted" >/dev/null 2>&1; then
        echo "$wanted"
    else
        make_base >&2
        echo "$local_base"
    fi
}

# Same files and same base: same image. `grade image build` writes the same label (grader/image.py).
content_hash() { { cat Dockerfile requirements-sandbox.txt; printf '%s' "$1"; } | sha256sum | cut -d' ' -f1; }

build_image() {
    local base=$1 hash context bundle
    hash=$(content_hash "$base")
    if [ "$(docker image inspect -f '{{index .Config.Labels "deep-grader.content"}}' "$image" 2>/dev/null)" = "$hash" ]; then
        say "$image is up to date"
        return
    fi
    bundle=${GRADER_CA_BUNDLE:-}
    if [ -z "$bundle" ] && [ "$base" = "$local_base" ]; then bundle=/etc/ssl/certs/ca-certificates.crt; fi
    context=$(mktemp -d)
    cp Dockerfile requirements-sandbox.txt "$context/"
    if [ -n "$bundle" ] && [ -s "$bundle" ]; then cp "$bundle" "$context/ca-bundle.crt"; fi
    say "building $image on $base (about 2 minutes, 6.4 GB)"
    DOCKER_BUILDKIT=0 docker build --quiet -t "$image" --build-arg "BASE_IMAGE=$base" --label "deep-grader.content=$hash" \
        "$context" >/dev/null
    rm -rf "$context"
    say "built $image"
}

start_engine
# Nothing to pull or to bootstrap where the image already is what would be built.
for base in "${BASE_IMAGE:-$(sed -n 's/^ARG BASE_IMAGE=//p' Dockerfile)}" "$local_base"; do
    if [ "$(docker image inspect -f '{{index .Config.Labels "deep-grader.content"}}' "$image" 2>/dev/null)" = "$(content_hash "$base")" ]; then
        say "$image is up to date"
        exit 0
    fi
done
build_image "$(pick_base)"
