"""Every parser of bytes from outside, fuzzed: it answers with its value or its documented error, in bounded time.

A harness is a function that takes bytes. The same ones run briefly among the tests (`test_fuzz`) and for as long as one
likes under atheris (`make fuzz`). `corpus/NAME` holds what each begins with.
"""
