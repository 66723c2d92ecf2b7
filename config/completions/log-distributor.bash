# bash completion of log-distributor
_log_distributor() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      serve | check | discover | demo | analyzer | agent | health | top | analyzers | reload | replay | queue | token) command=${COMP_WORDS[i]} && break ;;
    esac
  done
  case $previous in
    --directory)
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      compopt -o filenames
      return
      ;;
    --config | --file | --dead-letters | --token-file | --ca | --certificate | --key)
      if [[ $previous != --dead-letters || $command != queue && $command != replay ]]; then  # there --dead-letters is a flag
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        compopt -o filenames
        return
      fi
      ;;
    --listen | --latency | --fail-rate | --status | --register | --target | --batch | --rate | --connections | --packets | --seconds | --url | --interval | --count | --from | --to | --id | --analyzer | --server-name)
      return
      ;;
  esac
  local known
  case $command in
    '') known="serve check discover demo analyzer agent health top analyzers reload replay queue token --config --version --help" ;;
    serve) known="--config --help" ;;
    check) known="--config --reload --help" ;;
    discover) known="--config --help" ;;
    demo) known="--seconds --packets --help" ;;
    analyzer) known="--listen --latency --fail-rate --status --register --help" ;;
    agent) known="--target --file --dead-letters --batch --rate --connections --packets --ca --certificate --key --server-name --help" ;;
    analyzers) known="list drain undrain weight --url --token-file --ca --certificate --key --server-name --help" ;;
    top) known="--url --token-file --ca --certificate --key --server-name --interval --count --help" ;;
    health) known="--url --token-file --ca --certificate --key --server-name --live --help" ;;
    reload) known="--url --token-file --ca --certificate --key --server-name --help" ;;
    replay) known="--url --token-file --ca --certificate --key --server-name --from --to --id --dead-letters --analyzer --rate --dry-run --help" ;;
    token) known="--help" ;;
    queue) known="list verify export --directory --from --to --dead-letters --help" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$known" -- "$word")
}
complete -F _log_distributor log-distributor
