-- A limit's error cannot be swallowed.
scenario { title = "limit in pcall" }
while true do
    print(pcall(function () while true do end end))
end
