scenario { title = "unbound", monitor = "m" }
at { event = "vmgexit" } (print)
at { event = "rmpadjust",
     nth = 2 }
