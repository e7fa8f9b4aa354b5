"""The rules, a module for what they are about: a rule is a function, its docstring, and an example."""
