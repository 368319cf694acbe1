"""One form for all spellings of a word: Arabic, French and English folded, stems, and keys that cross scripts."""

from imigr_directory.folding.letters import Token, fold, tokens, words
from imigr_directory.folding.sounds import joined_sounds, sounds
from imigr_directory.folding.stems import stems

__all__ = ["Token", "fold", "joined_sounds", "sounds", "stems", "tokens", "words"]
