"""What must hold between settings, and between settings and this machine."""

import os
from dataclasses import replace

from lampfield.config_sections import Media, Registrations, Sip, Subscriptions, Trunk
from provisioning.problems import Problems, joined


def check_sections(
    sip: Sip, registrations: Registrations, subscriptions: Subscriptions, media: Media, problems: Problems
) -> None:
    """Note what is wrong between the settings of one section or two."""
    if sip.advertised_address is None and any(address.wildcard for address in sip.listen):
        problems.add(
            "sip.advertised_address",
            "",
            "the address that phones reach, as sip.listen has one that means all addresses",
        )
    if media.advertised_address is None and media.address in ("0.0.0.0", "::"):  # noqa: S104  compared, not bound
        problems.add(
            "media.advertised_address", "", "the address that phones reach, as media.address means all addresses"
        )
    if media.prompts is not None and not media.prompts.is_dir():
        problems.add("media.prompts", str(media.prompts), "a folder that exists")
    for name, limits in (("registrations", registrations), ("subscriptions", subscriptions)):
        if not limits.min_seconds <= limits.default_seconds <= limits.max_seconds:
            problems.add(
                f"{name}.default_seconds",
                limits.default_seconds,
                f"between {name}.min_seconds ({limits.min_seconds:g}) and {name}.max_seconds ({limits.max_seconds:g})",
            )


def with_password(trunk: Trunk, problems: Problems) -> Trunk:
    """The trunk with its password fetched from where the configuration says it is."""
    key = joined("trunks", trunk.name)
    if trunk.kind == "register" and trunk.username is None:
        problems.missing(f"{key}.username", 'the account at the provider, as kind is "register"')
    if trunk.password_file is not None and trunk.password_env is not None:
        problems.add(f"{key}.password_env", trunk.password_env, "left out, as password_file is given too")
        return trunk
    if trunk.password_file is not None:
        return replace(trunk, password=_password_in_file(trunk, key, problems))
    if trunk.password_env is not None:
        return replace(trunk, password=_password_in_environment(trunk.password_env, key, problems))
    if trunk.username is not None:
        problems.missing(f"{key}.password_file", "a file (or password_env a variable) with the password of username")
    return trunk


def _password_in_file(trunk: Trunk, key: str, problems: Problems) -> str:
    assert trunk.password_file is not None
    try:
        password = trunk.password_file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        problems.add(f"{key}.password_file", str(trunk.password_file), f"a file that can be read ({reason})")
        return ""
    if not password:
        problems.add(f"{key}.password_file", str(trunk.password_file), "a file whose first line is the password")
    return password


def _password_in_environment(variable: str, key: str, problems: Problems) -> str:
    password = os.environ.get(variable, "")
    if not password:
        problems.add(f"{key}.password_env", variable, "an environment variable that is set and not empty")
    return password
