/** Lists of blobs as Azure Blob Storage writes them. */

export interface ListedBlob {
  readonly name: string
  readonly bytes: number
  /** Unix milliseconds. */
  readonly storedAt: number
  /** Undefined where the account keeps no versions. */
  readonly version: string | undefined
  readonly isCurrent: boolean
}

export interface BlobPage {
  readonly blobs: readonly ListedBlob[]
  /** Where the next page begins; undefined on the last. */
  readonly marker: string | undefined
}

/** One page of a list; undefined when the text is none. */
export function readBlobPage(xml: string): BlobPage | undefined {
  if (!xml.includes('<EnumerationResults')) return undefined
  const blobs = [...xml.matchAll(/<Blob>(.*?)<\/Blob>/gs)].map(([, blob]) => readBlob(blob!))
  return { blobs, marker: elementOf(xml, 'NextMarker') || undefined }
}

function readBlob(xml: string): ListedBlob {
  const version = elementOf(xml, 'VersionId')
  return {
    name: elementOf(xml, 'Name') ?? '',
    bytes: Number(elementOf(xml, 'Content-Length') ?? 0),
    storedAt: Date.parse(elementOf(xml, 'Last-Modified') ?? '') || 0,
    version,
    isCurrent: version === undefined || elementOf(xml, 'IsCurrentVersion') === 'true',
  }
}

/** Days for which removed blobs can still be brought back; 0 when they cannot, undefined when the text does not say. */
export function readSoftDeleteDays(xml: string): number | undefined {
  const policy = elementOf(xml, 'DeleteRetentionPolicy')
  if (policy === undefined) return undefined
  return elementOf(policy, 'Enabled') === 'true' ? Number(elementOf(policy, 'Days') ?? 0) : 0
}

/** The text of the first element of that name, which has no attributes in these lists. */
function elementOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1]
  return text?.replace(/&(amp|lt|gt|quot|apos);/g, (_, entity: string) => ENTITIES[entity]!)
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
