-- Loops inside the table library, by a length that is a lie.
scenario { title = "table" }
local lie = setmetatable({}, { __len = function () return 1 << 60 end })
pcall(table.insert, lie, 1, 1)
