-- Triggers: fields and words are checked.
print(select(2, pcall(function () at { event = "rmpadjust" } end)))
scenario { title = "at" }
local function try(fields, f)
    print(select(2, pcall(function () return at(fields)(f or function () end) end)))
end
try {}
try { event = "rmpadjst" }
try { event = "rmpadjust", nht = 3 }
try { event = "rmpadjust", nth = 0 }
try { event = "rmpadjust", nth = 1.5 }
try { event = "rmpadjust", vcpu = 16 }
try { event = "rmpadjust", gpa = "x" }
try { event = "rmpadjust", when = "after" }
try({ event = "rmpadjust" }, 5)
try { event = "vmgexit", nth = 1, vcpu = 0, gpa = 0x1000, when = "before" }
try { event = "exit", kind = "npv" }
try { event = "exit", symbol = "x" }
try { event = "rmpadjust", kind = "npf" }
try { event = "exit", kind = "npf", gpa = 0x1000 }
try { event = "instruction" }
try { event = "instruction", symbol = "a", address = 1 }
try { event = "instruction", symbol = 1 }
try { event = "instruction", address = "a" }
try { event = "instruction", address = 16, guest = 1 }
try { event = "instruction", address = 16, offset = -1 }
try { event = "instruction", symbol = "a", offset = 2, guest = true, vcpu = 1, nth = 2 }
try { event = "rmpadjust", when = "later" }
try { event = "exit", when = "after" }
try { event = "rmp", when = "after" }
try { event = "rmp", gpa = 0x1000, spa = 0x2000 }
try { event = "shared_read", offset = 8 }
try { event = "shared_read", gpa = 0x1000, offset = 4096 }
try { event = "shared_read", gpa = 0x1000, offset = 0, bytes = 4097 }
try { event = "shared_read", gpa = 0x1000, ghcb = true }
try { event = "shared_read", gpa = 0x1000, field = "info1" }
try { event = "shared_read", ghcb = true, field = "inf1" }
try { event = "shared_write", ghcb = 1 }
try { event = "shared_write", ghcb = true, field = "rax", nth = 2 }
print(pcall(function () for _ = 1, 2000 do at { event = "pvalidate" } (print) end end))
