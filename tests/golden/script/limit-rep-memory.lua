scenario { title = "rep" }
print(pcall(string.rep, "x", 1 << 40))
