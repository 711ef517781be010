# What fish reads in a shell of `xacct exec` after the user's own files: the prompt tells whose credentials it has.
functions --query fish_prompt; or function fish_prompt
    echo '> '
end
if not string match --quiet '*xacct status --prompt*' -- (functions fish_prompt)
    functions --copy fish_prompt _xacct_fish_prompt
    function fish_prompt
        echo -n (command xacct status --prompt 2>/dev/null)' '
        _xacct_fish_prompt
    end
end
