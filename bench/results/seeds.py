"""What a few seeds say: their mean with Student's 95 % interval, their median and range, and how many do something, with Wilson's."""

import math
import statistics

# Two-sided 95 % quantile of Student's law by degrees of freedom.
STUDENT = {2: 4.3027, 3: 3.1824, 4: 2.7764, 5: 2.5706, 6: 2.4469, 7: 2.3646, 8: 2.3060, 9: 2.2622}
NORMAL = 1.959964


def half_width(values):
    """Half of Student's interval of the mean of three values or more."""
    return STUDENT[len(values) - 1] * statistics.stdev(values) / math.sqrt(len(values))


def with_interval(values, digits, least=-math.inf, most=math.inf):
    """`mean ± half width`, as many digits as asked for; fewer values than three have no interval and are listed, and so are values
    whose interval reaches beyond `least` or `most`, what such a figure can be: they are not spread as Student's law takes it."""
    listed = ", ".join(f"{value:.{digits}f}" for value in values)
    if len(values) < 3:
        return f"{listed} ({'one seed' if len(values) == 1 else 'two seeds'})"
    mean, width = statistics.mean(values), half_width(values)
    if mean - width < least or mean + width > most:
        return f"{listed} (each seed)"
    return f"{mean:.{digits}f} ± {at_least_a_digit(width, digits)}"


def at_least_a_digit(width, digits):
    """A width that would be shown as zero is shown as below the last digit."""
    return f"{width:.{digits}f}" if width >= 0.5 * 10**-digits else f"<{10**-digits:.{digits}f}"


def standard_error(figure):
    """Of one run, over its test sequences, from the ends of its 95 % interval."""
    return (figure["high"] - figure["low"]) / (2 * NORMAL)


def spread(values, digits):
    """`median (least to greatest)`; the one number that all show; nothing of no values."""
    if not values:
        return "-"
    # `+ 0.0` takes the sign off what is shown as zero.
    shown = [f"{round(value, digits) + 0.0:,.{digits}f}" for value in (statistics.median(values), min(values), max(values))]
    return shown[0] if shown[1] == shown[2] else f"{shown[0]} ({shown[1]} to {shown[2]})"


def wilson(count, of):
    """The ends of Wilson's 95 % interval of a rate."""
    square, rate = NORMAL**2, count / of
    middle, half = rate + square / (2 * of), NORMAL * math.sqrt(rate * (1 - rate) / of + square / (4 * of**2))
    return (middle - half) / (1 + square / of), (middle + half) / (1 + square / of)


def rate(count, of):
    """`4 of 5 (38 % to 96 %)`."""
    low, high = wilson(count, of)
    return f"{count} of {of} ({100 * low:.0f} % to {100 * high:.0f} %)"
