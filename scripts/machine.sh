# Bare Debian machines beside this one, and containers, for the scripts that need them.
# Sourced after lib.sh; needs root, the right to mount, and the packages of the groups
# `fresh` and `container`.

release=bookworm

# sources — apt's own sources of this release, one `SITE SUITE COMPONENT` a line.
sources() { apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | grep " $release" | sort -u; }

# bootstrap MACHINE — a minimal Debian in that folder.
bootstrap() {
  local mirror
  mirror=$(sources | awk -v suite="$release" '$2 == suite { print $1; exit }')
  [[ $mirror ]] || die "apt knows no mirror of $release"
  chmod 755 "$1"  # apt drops its rights while it fetches
  debootstrap --variant=minbase "$release" "$1" "$mirror"
}

# carry_over MACHINE — how this machine reaches its mirrors; nothing else of it.
carry_over() {
  local machine=$1
  sources | sed 's/^/deb /' >"$machine/etc/apt/sources.list"
  apt-config dump Acquire | grep -v '^Acquire::IndexTargets' >"$machine/etc/apt/apt.conf.d/50carried-over" || true
  cp -rL /etc/apt/auth.conf* "$machine/etc/apt/" 2>/dev/null || true
  cp -L /etc/hosts /etc/resolv.conf "$machine/etc/"
  if sources | grep '^https' >/dev/null; then
    mkdir -p "$machine/etc/ssl/certs"
    cp -L /etc/ssl/certs/ca-certificates.crt "$machine/etc/ssl/certs/"
  fi
}

# in_machine MACHINE FOLDER COMMAND… — runs it there, in that folder of the machine,
# in mount and process namespaces of its own: when it ends, however it ends, no mount
# and no process of it is left. Fails also when the command leaves a process.
in_machine() {
  unshare --mount --pid --fork --kill-child bash -c '
    set -e
    machine=$1
    shift
    mount -t proc proc "$machine/proc"
    mount -t sysfs -o ro sysfs "$machine/sys" || true
    chroot "$machine" "$@" </dev/null
    for process in "$machine"/proc/[0-9]*; do
      [[ ${process##*/} == $$ ]] || { echo "left running: $(tr "\0" " " <"$process/cmdline")"; exit 1; }
    done' _ "$1" \
    /usr/bin/env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    bash -c 'cd "$1" && shift && "$@"' _ "${@:2}"
}

# containers_in FOLDER — from now on podman and buildah keep everything there, and do
# without what a machine that is itself a container may lack.
containers_in() {
  mkdir -p "$1"
  printf '[containers]\ndefault_ulimits = ["nofile=1024:2048", "nproc=4096:8192"]\n[engine]\nruntime = "runc"
cgroup_manager = "cgroupfs"\nevents_logger = "file"\n[network]\nnetwork_backend = "netavark"\n' >"$1/containers.conf"
  printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$1/storage" "$1/run" >"$1/storage.conf"
  export CONTAINERS_CONF=$1/containers.conf CONTAINERS_STORAGE_CONF=$1/storage.conf
}
