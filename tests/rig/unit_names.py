"""What the units of the drawn offices are called in the course of a year. Data alone: the checkers read it.

Nothing of the program stands behind these words: whoever looks from outside must not learn from it who is who.
"""

FIRST, FIRST_TODAY = "青石镇人民政府", "青石街道办事处"
SECOND = "白沙镇人民政府"
THIRD, THIRD_TODAY = "泉州台商投资区教育文体局", "泉州台商投资区教育局"
WATER = "水务局"

FIRST_BOX = "qingshi@qs.example.com"
SECOND_BOX, SECOND_OTHER_BOX = "baisha@bs.example.com", "baisha2@bs.example.com"
THIRD_BOX = "jiaoyu@qu.example.org"
WATER_BOX = "shuiwu@qs.example.com"

# each unit's names over all editions of the roster, by its address
NAMES = {
    FIRST_BOX: frozenset({FIRST, FIRST_TODAY}),
    SECOND_BOX: frozenset({SECOND}),
    SECOND_OTHER_BOX: frozenset({SECOND}),
    THIRD_BOX: frozenset({THIRD, THIRD_TODAY}),
    WATER_BOX: frozenset({WATER}),
}
