/** What a person is told beside the copy of their data: GDPR Art. 15(1)(a) to (h) and 15(2), each as far as the records know it. */
import type { Survey } from './survey.ts'

/** `values` is null where nothing recorded here answers: whoever answers the request adds it. */
export interface Heading {
  readonly point: string
  readonly title: string
  readonly values: readonly string[] | null
}

/** `recipients`: who got copies, as the record of looks knows. */
export function headingsOf(survey: Survey, recipients: readonly string[]): Heading[] {
  const bases = [...survey.lawfulBases].map((basis) => `lawful basis: ${basis}`)
  return [
    heading('15(1)(a)', 'Purposes of the processing', [...survey.purposes, ...bases]),
    heading('15(1)(b)', 'Categories of personal data', [...survey.fields]),
    heading('15(1)(c)', 'Recipients', recipients),
    heading('15(1)(d)', 'How long the data are kept', [...survey.retention]),
    heading('15(1)(e)', 'Your rights', [
      'You may ask for rectification or erasure of the data, for restriction of their processing, and object to it.',
    ]),
    heading('15(1)(f)', 'Complaints', ['You may lodge a complaint with a supervisory authority.']),
    heading(
      '15(1)(g)',
      'Sources',
      [...survey.systems.keys()].map((system) => `sent by the system ${system}`),
    ),
    heading('15(1)(h)', 'Automated decisions', [
      ...[...survey.models].map((model) => `model ${model}`),
      ...[...survey.automation].map((level) => `automation: ${level}`),
      ...(survey.explained > 0 ? [`${survey.explained} records carry an explanation`] : []),
    ]),
    heading('15(2)', 'Safeguards of transfers to third countries', []),
  ]
}

function heading(point: string, title: string, values: readonly string[]): Heading {
  return { point, title, values: values.length > 0 ? values : null }
}
