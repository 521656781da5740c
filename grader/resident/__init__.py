"""A grader that stays: what one grading gets ready, the next finds ready.

`grade warm` runs `server`; `grade submit` asks it through `client` and grades by itself where nobody answers. Both are
the same user's, on the trusted side; student code runs in the sandbox as ever. Importing `client` and `answer` loads
nothing heavy, so that a submission is on its way soon.
"""
