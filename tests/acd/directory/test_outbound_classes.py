"""What a site file may say of dial classes, and what the directory finds, are the same names."""

from acd.ports import DialClass
from config.outbound_table import DIAL_CLASSES
from queues.dial_policy import NEVER


def test_a_rule_may_name_every_class_but_those_that_are_never_called() -> None:
    assert {*DIAL_CLASSES, *NEVER} == {str(one) for one in DialClass}
    assert set(NEVER) == {DialClass.EMERGENCY, DialClass.PREMIUM, DialClass.UNKNOWN}
    assert not {*DIAL_CLASSES} & {*NEVER}
