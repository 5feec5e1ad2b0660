-- Everything a script can reach, by walking all tables from the globals and from the objects it gets.
scenario { title = "the surface" }
local seen = {}
local function walk(name, value)
    if type(value) ~= "table" or seen[name] then
        print(name, type(value))
        return
    end
    print(name, type(value))
    if value == _G and name ~= "_G" then return end
    if name == "_G._G" then return end
    for key, inner in pairs(value) do walk(name .. "." .. key, inner) end
end
walk("_G", _G)
print("metatable of strings", getmetatable(""))
