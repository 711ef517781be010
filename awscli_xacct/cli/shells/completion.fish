# How fish completes `xacct`; see completion.py.
function __xacct_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found (command xacct completion --next $words[2..-1] "$current" 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path "$current"
    end
end
function __xacct_command
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -e words[1..(contains -i -- -- $words)]
    complete -C (string join ' ' -- (string escape -- $words) "$current")
end
complete -c xacct -f -n 'not contains -- -- (commandline -opc)' -a '(__xacct_candidates)'
complete -c xacct -f -n 'contains -- -- (commandline -opc)' -a '(__xacct_command)'
