"""The plain forward's own building block that numpy lacks."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgebert.converter.reference import erf


@given(st.floats(-50, 50, width=32))
def test_erf_is_that_of_the_math_library(x):
    assert abs(float(erf(np.float32([x]))[0]) - math.erf(x)) < 1e-7
