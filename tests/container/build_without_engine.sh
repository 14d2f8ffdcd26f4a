#!/usr/bin/env bash
# Builds the Dockerfile's two images twice and runs the job, on a Debian 12 machine without Docker.
#
#   sudo tests/container/build_without_engine.sh WORK CHECKOUT
#
# WORK      a folder for what is built, about 15 GB; what can be reused stays there (the stand-in base).
# CHECKOUT  a checkout in which `make run` has come to its end; its registry is copied, not touched.
#
# The official Python image cannot be had without a registry of images, so a Debian with its own
# Python, from this machine's package mirror, stands in for it. What it shows: that the Dockerfile
# builds, that two builds have the same bytes, who the job runs as, and that it scores real mail on
# a read-only root. What it does not show: anything about the official base.
set -euo pipefail

if [[ $# -ne 2 || $EUID -ne 0 ]]; then
  sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
for tool in buildah debootstrap unshare setpriv; do
  command -v "$tool" >/dev/null || { echo "found no $tool; fix: apt-get install $tool" >&2; exit 2; }
done
# Nothing of the caller's shell reaches the build, be it a proxy or a credential.
if [[ -z ${BUILD_SHELL_IS_CLEAN:-} ]]; then
  exec env -i BUILD_SHELL_IS_CLEAN=1 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root LC_ALL=C.UTF-8 bash "$0" "$@"
fi

ROOT=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
WORK=$(cd "$1" && pwd)
CHECKOUT=$(cd "$2" && pwd)
STORE=(--storage-driver vfs --root "$WORK/store" --runroot "$WORK/run")
CERTIFICATES=/etc/ssl/certs/ca-certificates.crt
export TMPDIR=$WORK/tmp
mkdir -p "$TMPDIR" "$WORK/run"

image() { buildah "${STORE[@]}" "$@"; }
step() { printf '\n== %s\n' "$*"; }

clean_up() {
  image rm --all >/dev/null 2>&1 || true
  image rmi --all --force >/dev/null 2>&1 || true
  rm -rf "$WORK/store" "$WORK/run" "$TMPDIR" "$WORK/pip.conf" "$WORK/volume" "$WORK/registry"
}
trap clean_up EXIT

step "a stand-in base: Debian with its own Python"
if [[ ! -e $WORK/base/complete ]]; then
  rm -rf "$WORK/base"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' \
    'Created-By: Packages' 'Codename: bookworm' 'Component: main' | head -n 1)
  debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv \
    bookworm "$WORK/base/rootfs" "$mirror" >"$WORK/debootstrap.log" 2>&1
  # As in the official image; and nothing of the packages' downloads.
  ln -s python3 "$WORK/base/rootfs/usr/bin/python"
  rm -rf "$WORK"/base/rootfs/var/{cache/apt,lib/apt/lists,log,cache/ldconfig}/*
  touch "$WORK/base/complete"
fi
base=$(image from scratch)
image add --quiet "$base" "$WORK/base/rootfs" / >/dev/null
image commit --quiet --timestamp 0 --rm "$base" stand-in >/dev/null
du -sm "$WORK/base/rootfs" | sed 's/\t.*/ MB/'

step "both images"
# pip asks where this machine's own pip asks: its settings, certificates and local folders.
printf '[global]\n' >"$WORK/pip.conf"
volumes=(--volume "$CERTIFICATES:$CERTIFICATES:ro" --volume "$WORK/pip.conf:/etc/pip.conf:ro")
while IFS='=' read -r key value; do
  value=${value//\'/}
  printf '%s = %s\n' "${key#global.}" "$value" >>"$WORK/pip.conf"
  for part in $value; do
    path=${part#file://}
    # A folder's index beside its files: the folder above has both.
    [[ $path == */simple ]] && path=${path%/simple}
    [[ $path == /* && -e $path && $path != "$CERTIFICATES" ]] && volumes+=(--volume "$path:$path:ro")
  done
done < <(python3 -m pip config list | grep '^global\.')

build() {
  local target=$1 turn=$2
  SECONDS=0
  image bud --quiet --isolation chroot --format docker --no-cache --timestamp 0 \
    --build-arg BASE=localhost/stand-in "${volumes[@]}" \
    --target "$target" --tag "$target:$turn" "$ROOT" >"$WORK/$target.$turn.log" 2>&1 ||
    { tail -n 30 "$WORK/$target.$turn.log" >&2; exit 1; }
  echo "$target:$turn in $SECONDS s, layers $(identity "$target:$turn")"
}
# The layers' digests. The image's own covers the name of the container that buildah built it in.
identity() { image inspect --type image --format '{{.OCIv1.RootFS.DiffIDs}}' "$1"; echo; }
build mlflow 1
build score 1

# Run a command in an image as Docker would: its user, environment, entrypoint and working folder,
# on a read-only root. What may be written: /tmp and, from outside, VOLUME, and REGISTRY at its own
# place, for MLflow writes absolute paths into its database.
inside() {
  local target=$1 container mounted config
  shift
  container=$(image from --pull-never "$target:1")
  mounted=$(image mount "$container")
  config=$(image inspect "$container" | python3 -c \
    'import json, sys; print(json.dumps(json.load(sys.stdin)["Docker"]["config"]))')
  mkdir -p "$mounted$(dirname "$CERTIFICATES")"
  unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
    root=$1 volume=$2 registry=$3 copied=$4 certificates=$5 checkout=$6; shift 6
    mount --bind "$root" "$root"
    mount --bind "$certificates" "$root$certificates"
    if [[ -d $root/opt/spamline ]]; then
      # This machine may have trained other bytes than the commit that the image is made from.
      for file in params.yaml data/production.json; do
        mount --bind -o ro "$checkout/$file" "$root/opt/spamline/$file"
      done
    fi
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mount --bind /dev "$root/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    # After /tmp: it may be there.
    mkdir -p "$root$registry"
    mount --bind "$copied" "$root$registry"
    [[ -d $root/var/lib/spamline ]] && mount --bind "$volume" "$root/var/lib/spamline"
    mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
    mount -o remount,bind,ro "$root"
    exec chroot "$root" python3 -c "$@"
  ' - "$mounted" "$WORK/volume" "$REGISTRY" "$WORK/registry" "$CERTIFICATES" "$CHECKOUT" '
import json, os, sys
config, extra = json.loads(sys.argv[1]), json.loads(sys.argv[2])
environment = dict(entry.split("=", 1) for entry in config["Env"]) | extra
user, _, group = config["User"].partition(":")
os.chdir(config["WorkingDir"])
os.setgroups([]), os.setgid(int(group)), os.setuid(int(user))
command = sys.argv[4:] if sys.argv[3] == "instead" else config["Entrypoint"] + (sys.argv[4:] or config["Cmd"])
os.execvpe(command[0], command, environment)
' "$config" "$EXTRA" "$@"
}

step "who, how large"
REGISTRY=$CHECKOUT/data/register/mlflow
EXTRA=$(printf '{"MLFLOW_TRACKING_URI": "sqlite:///%s/mlflow.db", "NODE_EXTRA_CA_CERTS": "%s"}' \
  "$REGISTRY" "$CERTIFICATES")
mkdir -p "$WORK/volume"
cp -r "$REGISTRY" "$WORK/registry"
chown -R 10001:10001 "$WORK/volume" "$WORK/registry"
for target in mlflow score; do
  container=$(image from --pull-never "$target:1")
  echo "$target: $(du -sm "$(image mount "$container")" | cut -f1) MB with the base," \
    "user $(image inspect --format '{{.Docker.Config.User}}' "$container")"
  inside "$target" instead python3 -c \
    'import os; print("  runs as", os.getuid(), "and may write", [p for p in ("/", "/opt", "/etc", "/usr", "/tmp", ".") if os.access(p, os.W_OK)])'
done
inside mlflow instead mlflow --version
inside score as-it-is score --help
inside score instead sh -c 'command -v git dvc || echo "no git, no dvc"'

step "the server on a read-only root"
inside mlflow instead python3 -c '
import subprocess, time, urllib.request
import boto3, psycopg
server = subprocess.Popen(["mlflow", "server", "--host", "127.0.0.1", "--port", "25099", "--workers", "1"])
until = time.monotonic() + 300
while time.monotonic() < until and server.poll() is None:
    try:
        print("it answers:", urllib.request.urlopen("http://127.0.0.1:25099/health", timeout=5).read())
        break
    except OSError:
        time.sleep(1)
else:
    raise SystemExit("the server does not answer")
server.terminate()
server.wait()
'

step "the job on real mail, twice, on a read-only root"
for turn in 1 2; do
  SECONDS=0
  inside score as-it-is
  echo "scored in $SECONDS s"
done
(cd "$WORK/volume" && find . -type f -not -path './.npm/*' -not -path './data/register/*' | sort)
cmp "$WORK/volume/data/infer/summary.json" "$CHECKOUT/data/infer/summary.json" &&
  echo "the same predictions as outside the container"

step "both images again, the same bytes"
for target in mlflow score; do
  build "$target" 2
  [[ $(identity "$target:1") == "$(identity "$target:2")" ]] ||
    { echo "found other layers of $target; expected the same bytes twice" >&2; exit 1; }
done
