-- A memory bomb in pcall, again and again.
scenario { title = "memory" }
while true do
    pcall(function () local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end end)
end
