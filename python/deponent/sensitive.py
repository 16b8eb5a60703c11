"""What a file or standard output does not get: values of fields whose names say that they identify somebody or open
something.

The words are the English ones of the server's own list (docs/privacy.md). Names that say what kind of person somebody is
(race, sex, age) are not among them. Texts are not searched for what they may hold.
"""
import base64
import hashlib
import hmac
import os
import re
import unicodedata
from typing import Any, Callable, Dict, List, Optional

from .canonical import canonical
from .context import camel

#: Fields of records that name somebody, wherever in a record: all that stands in them.
PEOPLE = frozenset("""
  actor affectedSubjects affectedUserId approver approverId author authorId authorisedRepresentative humanReviewer
  humanReviewerId ipAddress mentions owner ownerId releasedBy representative requester requesterId reviewer reviewerId
  scorer scorerId secondVerifier secondVerifierId userAgent userId
""".split())

IDENTIFYING = frozenset("""
  email emails emailaddress mailaddress phone phones phonenumber telephone mobilenumber cellphone fax address addresses
  streetaddress street postaladdress homeaddress firstname lastname surname fullname givenname familyname maidenname
  middlename forename birthdate birthday dateofbirth dob ssn nino sin tin itin ein taxid nationalid passport
  passportnumber idcard driverlicense drivinglicence licenseplate numberplate vin iban bban accountnumber routingnumber
  creditcard cardnumber cvv cvc pan ip ipaddress macaddress imei imsi deviceid username login geolocation gps latitude
  longitude signature
""".split())

SECRET = frozenset("""
  password passwd passphrase pwd pin secret secrets clientsecret apikey apitoken accesstoken accesskey secretkey
  privatekey token authtoken refreshtoken sessiontoken bearer credential credentials authorization cookie otp totp
""".split())

#: Of numbers: what is written in digits alone.
NUMBERED = frozenset("""
  phone phonenumber telephone mobilenumber cellphone fax ssn sin tin itin ein taxid nationalid passportnumber
  accountnumber routingnumber creditcard cardnumber cvv cvc pan pin otp imei imsi latitude longitude geolocation
  birthdate dateofbirth dob password
""".split())

#: With one of these a field tells something about such a value, not the value: `email_domain`, `token_count`.
ABOUT = frozenset("""
  count counts total number_of years months days hours since ratio rate score avg mean min max length size usage limit
  budget type kind domain provider country verified valid validity change changes changed match matches matched flag has
  is known present missing age quality risk
""".split())

NAME_CHARACTERS_MAX = 128


def words_of(name: str) -> List[str]:
    """`homeAddress`, `home_address` and `HOME-ADDRESS` all say `home` and `address`."""
    folded = unicodedata.normalize('NFKD', name[:NAME_CHARACTERS_MAX])
    bare = ''.join(character for character in folded if not unicodedata.combining(character))
    return [word for word in re.split('[^a-z0-9]+', re.sub('([a-z0-9])([A-Z])', r'\1 \2', bare).lower()) if word]


def says(name: str) -> str:
    """What a name says of its values: 'nothing', that 'texts' are sensitive, or 'all', numbers too."""
    found = words_of(name)
    if any(word in ABOUT for word in found):
        return 'nothing'
    joined = set(found)
    joined.update(''.join(found[i : i + length]) for length in (2, 3) for i in range(len(found) - length + 1))
    if joined & NUMBERED:
        return 'all'
    return 'texts' if joined & (IDENTIFYING | SECRET) else 'nothing'


def pseudonyms(key: Optional[str] = None) -> Callable[[Any], Any]:
    """Replaces sensitive values of a record, `plain` already, by `hash_` and 22 characters: the same for the same value
    under one key, in either SDK. Without a key one is drawn, and no other run can say that two values are the same."""
    if key is not None and len(key) < 16:
        raise ValueError('hash_key must have 16 characters or more')
    secret = hashlib.sha256(b'deponent/sink/v1\0' + (key or os.urandom(32).hex()).encode('utf-8')).digest()

    def replaced(value: Any) -> str:
        digest = hmac.new(secret, canonical(value).encode('utf-8'), hashlib.sha256).digest()
        return 'hash_' + base64.urlsafe_b64encode(digest).decode('ascii')[:22]

    def of(name: str) -> str:
        return 'all' if camel(name) in PEOPLE else says(name)

    def within(value: Any, said: str) -> Any:
        if isinstance(value, dict):
            return {name: within(inner, _stronger(said, of(name))) for name, inner in value.items()}
        if isinstance(value, list):
            return [within(inner, said) for inner in value]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if (said == 'all' and is_number) or (said != 'nothing' and isinstance(value, str)):
            return replaced(value)
        return value

    def of_record(record: Dict[str, Any]) -> Dict[str, Any]:
        return {name: within(value, of(name)) for name, value in record.items()}

    return of_record


def _stronger(outer: str, inner: str) -> str:
    order = ('nothing', 'texts', 'all')
    return order[max(order.index(outer), order.index(inner))]
