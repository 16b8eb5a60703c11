/**
 * Names of fields that say their values identify somebody or open something. Never those that say what kind of person somebody is:
 * race, sex, age and the like stay queryable, guarded by roles and small groups.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** In any field that holds text. English, German, French, Spanish, Italian, Polish, Dutch, Portuguese, without accents. */
const IDENTIFYING = words(`
  email emails emailaddress mailaddress phone phones phonenumber telephone mobilenumber cellphone fax address addresses streetaddress street
  postaladdress homeaddress firstname lastname surname fullname givenname familyname maidenname middlename forename birthdate birthday
  dateofbirth dob ssn nino sin tin itin ein taxid nationalid passport passportnumber idcard driverlicense drivinglicence licenseplate
  numberplate vin iban bban accountnumber routingnumber creditcard cardnumber cvv cvc pan ip ipaddress macaddress imei imsi deviceid
  username login geolocation gps latitude longitude signature
  telefon telefonnummer handynummer mobilnummer anschrift adresse strasse hausnummer vorname nachname familienname geburtsdatum
  geburtstag steuernummer steuerid sozialversicherungsnummer ausweisnummer personalausweis kontonummer kartennummer kennzeichen
  courriel adressemail numerodetelephone prenom nomdefamille datedenaissance naissance numerosecu nir plaque
  correo correoelectronico telefono movil direccion domicilio nombre apellido apellidos fechadenacimiento nacimiento dni nie nif
  indirizzo cognome datadinascita nascita codicefiscale partitaiva targa
  adres imie nazwisko nazwiskopanienskie dataurodzenia pesel nip dowod numertelefonu
  telefoon telefoonnummer straat voornaam achternaam geboortedatum bsn burgerservicenummer rekeningnummer kenteken
  endereco sobrenome datadenascimento cpf cnpj celular
  personnummer fodselsnummer henkilotunnus aadhaar mynumber
`)

const SECRET = words(`
  password passwd passphrase pwd pin secret secrets clientsecret apikey apitoken accesstoken accesskey secretkey privatekey token authtoken refreshtoken
  sessiontoken bearer credential credentials authorization cookie otp totp
  passwort kennwort geheimnis motdepasse contrasena clave parola haslo wachtwoord senha
`)

/** Of numbers: what is written in digits alone. */
const NUMBERED = words(`
  phone phonenumber telephone mobilenumber cellphone fax ssn sin tin itin ein taxid nationalid passportnumber accountnumber routingnumber
  creditcard cardnumber cvv cvc pan pin otp imei imsi latitude longitude geolocation telefon telefonnummer handynummer steuernummer steuerid
  kontonummer kartennummer sozialversicherungsnummer telefono movil pesel nip bsn cpf cnpj aadhaar mynumber personnummer birthdate
  dateofbirth dob geburtsdatum password passwort
`)

/** With one of these a field tells something about such a value, not the value: `email_domain`, `token_count`, `years_at_address`. */
const ABOUT = words(`
  count counts total number_of years months days hours since ratio rate score avg mean min max length size usage limit budget type kind domain
  provider country verified valid validity change changes changed match matches matched flag has is known present missing age quality risk
  anzahl typ laenderkennung
`)

const NAME_CHARACTERS_MAX = 128

/** The words of a name: `homeAddress`, `home_address` and `HOME-ADDRESS` all say `home` and `address`. */
export function wordsOf(name: string): string[] {
  return name
    .slice(0, NAME_CHARACTERS_MAX)
    .normalize('NFKD')
    .replace(/[\p{M}\p{Default_Ignorable_Code_Point}\p{Cf}]/gu, '')
    .replace(/ß/g, 'ss')
    .replace(/ł/gi, 'l')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

/** What a name says of its values: that texts, or numbers too, are not for the index. */
export type NameSays = 'nothing' | 'of texts' | 'of all'

export function nameSays(name: string): NameSays {
  const found = wordsOf(name)
  if (found.some((word) => ABOUT.has(word))) return 'nothing'
  const joined = found.flatMap((word, i) => [
    word,
    ...(i > 0 ? [found[i - 1]! + word] : []),
    ...(i > 1 ? [found[i - 2]! + found[i - 1]! + word] : []),
  ])
  if (joined.some((word) => NUMBERED.has(word))) return 'of all'
  return joined.some((word) => IDENTIFYING.has(word) || SECRET.has(word)) ? 'of texts' : 'nothing'
}

/** Whether a name says that dotted numbers in it are versions. */
export function speaksOfVersions(name: string): boolean {
  return wordsOf(name).some((word) =>
    /^(?:version|versions|build|release|firmware|revision|oid|section|clause)$/.test(word),
  )
}
