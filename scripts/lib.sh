# Common ground of the scripts. Sourced, never run: sets strict mode and goes to
# the repository's root, whatever directory the script was called from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

jobs=${LOGDIST_JOBS:-$(nproc)}

# say TEXT… — a line of ours among the tools' output.
say() { if [[ -t 1 ]]; then printf '\033[1m== %s\033[0m\n' "$*"; else printf '== %s\n' "$*"; fi; }

# die TEXT… — the one clear line that ends a script.
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# packages_of GROUP… — the packages of these groups, one a line.
packages_of() {
  awk -v wanted=" $* " '
    { sub(/#.*/, "") }
    /^\[/ { gsub(/[][[:space:]]/, ""); takes = index(wanted, " " $0 " "); next }
    NF && takes { print $1 }' scripts/packages
}

# missing_of PACKAGE… — those of them that are not installed, one a line.
missing_of() {
  comm -23 <(printf '%s\n' "$@" | sort -u) \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u)
}

# as_root COMMAND… — directly as root, else by sudo.
as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# install_packages PACKAGE… — with no questions, and without starting the
# services among them: nobody asked for a proxy that listens on port 80.
install_packages() (
  policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
  fi
  # Old lists may do: what they lack, the installation will name.
  as_root apt-get update -q || say "the package lists could not be renewed; going on with the old ones"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
  # Kept off after a reboot, too. Without systemd there is nothing to keep off.
  if [[ -d /run/systemd/system ]]; then
    for service in "$@"; do
      case $service in
        nginx-light) as_root systemctl disable --quiet nginx ;;
        haproxy | prometheus | prometheus-alertmanager) as_root systemctl disable --quiet "$service" ;;
      esac
    done
  fi
)

# ensure_packages GROUP… — installs what is missing of these groups; costs some
# hundredths of a second when nothing is.
ensure_packages() {
  command -v dpkg-query apt-get >/dev/null || {
    say "no Debian here: the packages of scripts/packages [$*] are yours to provide"
    return 0
  }
  local wanted missing
  mapfile -t wanted < <(packages_of "$@")
  mapfile -t missing < <(missing_of "${wanted[@]}")
  ((${#missing[@]})) || return 0
  say "installing ${#missing[@]} missing packages [$*]: ${missing[*]}"
  ((EUID == 0)) || command -v sudo >/dev/null || die "neither root nor sudo: install them first"
  install_packages "${missing[@]}"
}

# build PRESET [TARGET…] — configures build/PRESET when that is due, then builds.
build() {
  local preset=$1
  shift
  # From then on ninja itself calls cmake when a CMakeLists.txt has changed.
  if [[ ! -e build/$preset/build.ninja || CMakePresets.json -nt build/$preset/build.ninja ]]; then
    cmake --preset "$preset" || return
  fi
  cmake --build "build/$preset" --parallel "$jobs" ${1:+--target "$@"}
}
