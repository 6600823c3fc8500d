"""For tests, ours and others': small desks and sites, a scripted channel, a narrator of stories."""

from acd.testing.journalled import JournalledStory as JournalledStory
from acd.testing.scripted import Carried as Carried
from acd.testing.scripted import ScriptedChannel as ScriptedChannel
from acd.testing.sites import LINE as LINE
from acd.testing.sites import NUMBER as NUMBER
from acd.testing.sites import SKILL as SKILL
from acd.testing.sites import TENANT as TENANT
from acd.testing.sites import small_desk as small_desk
from acd.testing.sites import small_line as small_line
from acd.testing.sites import small_site as small_site
from acd.testing.story import Story as Story
