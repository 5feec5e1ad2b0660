-- string.rep loops in C even if nothing comes of it.
scenario { title = "rep" }
while true do pcall(string.rep, "", math.maxinteger) end
