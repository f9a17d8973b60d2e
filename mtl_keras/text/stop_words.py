"""A frozen list of English function words."""

VERSION = 1
"""Number of the list; a change of the list raises it."""

_WORDS = """
a an the this that these those thats theres
i me my mine myself we us our ours ourselves you your yours yourself yourselves
he him his himself she her hers herself it its itself they them their theirs themselves one ones
im ive youre youve hes shes weve theyre theyve
am is are was were be been being have has had having do does did doing
will would shall should can could may might must
and or if then than so as because while until although though whether
of at by for with about into through during before after above below to from in on off over under
between among against up down out upon onto within along across toward towards
who whom whose which what when where why how
here there again once also just some any each every both other others another such own same
"""
STOP_WORDS = frozenset(_WORDS.split())
"""English function words, lower-case and without apostrophes, as `TextVectorization` makes them.

Negations (no, not, nor, never, none, dont, cant, without and the like) and what they turn on (but,
only, few, too, very, more, most) are not among them: "not good" is the opposite of "good", and a
bag that has lost the "not" cannot know. Question words are: keep them where they are what is asked
about, as by `STOP_WORDS - {"who", "where"}`.
"""


def stop_word_ids(vocabulary, words=STOP_WORDS):
    """Returns the ids of stop words.

    Args:
        vocabulary: list of str by id, the first two for padding and the unknown word, as
            `TextVectorization.get_vocabulary` returns.
        words: collection of str. Defaults to `STOP_WORDS`.

    Returns:
        List of int, ascending.

    Example:
        >>> stop_word_ids(["", "[UNK]", "the", "film", "not", "of"])
        [2, 5]
    """
    return [id for id, word in enumerate(vocabulary) if id > 1 and word in words]
