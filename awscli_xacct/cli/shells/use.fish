# The function that lets `xacct use` change the shell; see use.py.
function xacct
    if test "$argv[1]" != use
        command xacct $argv
        return
    end
    set -e argv[1]
    set -l previous
    set -q _xacct_previous; and set previous :$_xacct_previous
    set -l answer (_XACCT_PROFILE="$_xacct_profile" _XACCT_PREVIOUS="$previous" command xacct use --shell fish $argv)
    or return
    if string match --quiet ': xacct use*' -- $answer[1]
        string join \n -- $answer | source
    else
        string join \n -- $answer
    end
end
