# Empty: a child process imports this package, and must import nothing that it does not need.
