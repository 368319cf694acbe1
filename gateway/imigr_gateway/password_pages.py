"""The page behind a one-time link: staff set their password, without a script."""

from __future__ import annotations

from flask import Blueprint, Response, request

from imigr_gateway.commands import backends, client_key
from imigr_gateway.doors import public
from imigr_gateway.problems import title as problem_title
from imigr_gateway.waiting_pages import page, reader_language
from imigr_kit.errors import ImigrError

blueprint = Blueprint("password-pages", __name__)

SHORTEST = 12
STATUS = {"invalid": 422, "gone": 410, "too_many": 429}
WORDS = {
    "fr": {
        "title": "Choisir un mot de passe",
        "password": "Nouveau mot de passe (12 caractères au moins)",
        "save": "Enregistrer",
        "done": "Le mot de passe est enregistré. Vous pouvez vous connecter.",
    },
    "ar": {
        "title": "اختيار كلمة السر",
        "password": "كلمة سر جديدة (12 حرفا على الأقل)",
        "save": "حفظ",
        "done": "تم حفظ كلمة السر. يمكنكم تسجيل الدخول.",
    },
    "en": {
        "title": "Choose a password",
        "password": "New password (at least 12 characters)",
        "save": "Save",
        "done": "The password is saved. You can sign in.",
    },
}


@blueprint.get("/password/<reset_token>")
@public
def show(reset_token: str) -> Response:
    """The form. Looking uses nothing up."""
    return _page()


@blueprint.post("/password/<reset_token>")
@public
def save(reset_token: str) -> Response:
    """Set the password; the link is used up."""
    told = {"reset_token": reset_token[:200], "password": request.form.get("password", "")[:1024] or " "}
    try:
        backends().call("accounts", "reset_password", None, **told, client_key=client_key())
    except ImigrError as error:
        return _page(problem_title(error.code, (reader_language(),)), status=STATUS.get(error.family, 503))
    return _page(done=True)


def _page(problem: str = "", *, done: bool = False, status: int = 200) -> Response:
    words = WORDS[reader_language()]
    made = page(
        "password.html", reader_language(), words=words, title=words["title"], problem=problem, done=done,
        shortest=SHORTEST,
    )  # fmt: skip
    made.status_code = status
    return made
