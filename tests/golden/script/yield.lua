-- coroutine.yield() at the top level is no way to go on without a machine.
scenario { title = "yield" }
coroutine.yield()
