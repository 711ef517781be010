# The function that lets `xacct use` change the shell; see use.py. In the background it runs in a subshell of bash or
# zsh, and `kill` reaches only that, so `serve` is told its process: 0 where the shell does not know it.
xacct() {
    case ${1-} in
        use) shift ;;
        serve) _XACCT_FUNCTION=${BASHPID-${sysparams[pid]-0}} command xacct "$@"; return ;;
        *) command xacct "$@"; return ;;
    esac
    local answer
    answer=$(_XACCT_PROFILE=${_xacct_profile-} _XACCT_PREVIOUS=${_xacct_previous+:$_xacct_previous} \
        command xacct use --shell sh "$@") || return
    if [[ $answer == ': xacct use'* ]]; then
        eval "$answer"
    else
        printf '%s\n' "$answer"
    fi
}
