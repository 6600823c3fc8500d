"""Offered load under a rate that swings: M(t)/M/infinity in its periodic steady state."""

from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin


@dataclass(frozen=True, slots=True)
class Swing:
    """lambda(t) = mean + amplitude * sin(2 pi t / period); each contact stays exponentially, rate `mu`."""

    mean: float
    amplitude: float
    period: float
    mu: float

    @property
    def _omega(self) -> float:
        return 2 * pi / self.period

    def rate(self, t: float) -> float:
        """Arrivals per unit of time at `t`."""
        return self.mean + self.amplitude * sin(self._omega * t)

    def busy(self, t: float) -> float:
        """Mean number present at `t`; that number is Poisson. Eick, Massey and Whitt 1993, eq. 15."""
        omega = self._omega
        lagged = self.mu * sin(omega * t) - omega * cos(omega * t)
        return self.mean / self.mu + self.amplitude * lagged / (self.mu**2 + omega**2)

    @property
    def peak(self) -> float:
        """The largest mean number present."""
        return self.mean / self.mu + abs(self.amplitude) / hypot(self.mu, self._omega)

    @property
    def peak_at(self) -> float:
        """When in the first period it is reached: later than the peak of the rate."""
        return (pi / 2 + atan2(self._omega, self.mu)) / self._omega % self.period
