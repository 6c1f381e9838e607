import pytest

from crmcore.rules.similarity.latin import consonants, is_variant, latin, romanised
from crmcore.rules.similarity.tables import table_lines
from crmcore.values.text import normal_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada Lovelace", "ada lovelace"),
        ("Сергей Щербаков", "sergey shcherbakov"),
        ("Юлія Тимошенко", "yuliya timoshenko"),
        ("Γιώργος Παπαδόπουλος", "giorgos papadopoulos"),
        ("ｹﾝｼﾞ スズキ", "kenji suzuki"),
        ("さとう きょうこ", "sato kyoko"),
        ("はっとり", "hattori"),
        ("あっ", "a"),
        ("محمد الحسيني", "muhammad al حسيني"),
        ("يوسف", "yusuf"),
        ("山田 太郎", "山田 太郎"),
        ("佐藤ひろみ", "佐藤ひろみ"),  # half a word would be no word
        ("ь", "ь"),
    ],
)
def test_words_are_written_in_latin_letters_whole_or_not_at_all(text: str, expected: str) -> None:
    made = latin(normal_text(text))
    assert made == normal_text(expected) or made == expected
    assert latin(made) == made


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("youssef", "yusuf"),
        ("hussein", "husayn"),
        ("qasim", "kassem"),
        ("mohammed", "muhamed"),
        ("khadija", "khadidja"),
        ("shinji", "sinzi"),
        ("ohtani", "otani"),
        ("aleksey", "alexei"),
        ("tchaikovsky", "chaikovskii"),
        ("wladimir", "vladimir"),
        ("mansour", "منصور"),
        ("etxebarria", "echevarria"),
    ],
)
def test_romanisations_of_one_name_are_variants(one: str, other: str) -> None:
    one, other = normal_text(one), normal_text(other)
    assert is_variant(one, other)
    assert is_variant(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("martin", "moran"),
        ("lee", "li"),
        ("brown", "braun"),
        ("mansour", "حداد"),
        ("نور", "nr"),
        ("山田", "yamada"),
        ("smith", "schneider"),
    ],
)
def test_other_names_are_none(one: str, other: str) -> None:
    assert not is_variant(normal_text(one), normal_text(other))


def test_consonants_are_one_for_both_scripts() -> None:
    assert consonants("mansour") == consonants(normal_text("منصور")) == "mnsr"
    assert romanised("mustafa") == romanised("moustapha")


def test_every_letter_has_a_latin_one() -> None:
    for line in table_lines("latin_letters"):
        letters, _, plain = line.partition(" ")
        assert plain.isascii()
        assert letters == normal_text(letters) or letters == "ー"
