// What free SQL may say. Lists of what is allowed, not of what is forbidden: a function the engine learns tomorrow is
// refused until somebody has read what it does.

/** Words that say where an answer goes, change settings or start another statement. Quoted, they are ordinary names. */
export const REFUSED_WORDS: ReadonlySet<string> = new Set(
  'apply columns describe explain external format infile insert into outfile parallel settings show'.split(
    ' ',
  ),
)

/** Words of the grammar that may stand before a parenthesis without being a function. */
export const GRAMMAR_WORDS: ReadonlySet<string> = new Set(
  `all and any anti array as asc between by case cube desc distinct else end except exists filter from full global group
  having ilike in inner intersect interval is join left like limit not offset on or order outer over partition prewhere
  qualify recursive regexp right rollup rows range select semi sets then union using values_of when where window with`.split(
    /\s+/,
  ),
)

const TYPES = `bool date date32 datetime datetime64 decimal decimal32 decimal64 decimal128 fixedstring float32 float64 int8
  int16 int32 int64 int128 lowcardinality map nullable string tuple uint8 uint16 uint32 uint64 uint128 uuid varchar char`

const AGGREGATES = `any anylast argmax argmin avg avgweighted corr count countdistinct covarpop covarsamp deltasum
  entropy first_value grouparray groupbitand groupbitor groupuniqarray histogram kurtpop kurtsamp last_value
  mannwhitneyutest max median medianexact min quantile quantiledeterministic quantileexact quantileexactexclusive
  quantileexactinclusive quantileexactlow quantileexacthigh quantiles quantilesexact quantilesexactinclusive
  quantiletdigest rankcorr simplelinearregression skewpop skewsamp stddevpop stddevsamp studentttest sum sumkahan topk
  uniq uniqcombined uniqexact uniqhll12 varpop varsamp welchttest meanztest cramersv theilsu contingency`

const WINDOWS = `row_number rank dense_rank percent_rank ntile lag lead laginframe leadinframe nth_value cume_dist`

const SCALARS = `abs acos adddays addhours addminutes addmonths addquarters addseconds addweeks addyears age and array
  arrayall arrayavg arrayconcat arraycount arraycumsum arraydifference arraydistinct arrayelement arrayenumerate arrayexists
  arrayfilter arrayfirst arrayfirstindex arrayflatten arrayintersect arrayjoin arraylast arraymap arraymax arraymin
  arraypopback arraypopfront arrayresize arrayreverse arrayreversesort arrayslice arraysort arraystringconcat arraysum
  arrayuniq arrayzip ascii asin assumenotnull atan atan2 bar bitand bitnot bitor bitshiftleft bitshiftright bitxor cast cbrt
  ceil ceiling clamp coalesce concat concat_ws concatwithseparator cos count countequal countsubstrings date_add date_diff
  date_format date_sub date_trunc dateadd datediff datename datesub datetrunc degrees divide dividedecimal e empty endswith
  equals erf erfc exp exp10 exp2 extract extractall factorial floor formatdatetime fromunixtimestamp
  fromunixtimestamp64milli gcd greatest greater greaterorequals has hasall hasany hex if ifnull ignore ilike in indexof
  intdiv intdivorzero isfinite isinfinite isnan isnotnull isnull isnullable jsonextract jsonextractbool jsonextractfloat
  jsonextractint jsonextractkeys jsonextractraw jsonextractstring jsonextractuint jsonhas jsonlength jsontype isvalidjson
  lcm least left leftpad leftutf8 length lengthutf8 less lessorequals like ln locate log log10 log1p log2 lower lowerutf8
  ltrim makedate makedatetime map mapcontains mapfilter mapkeys mapvalues match minus mod modulo monthname multiif multiply
  negate not notempty notequals notilike notin notlike now now64 nullif or pi plus position positioncaseinsensitive
  positioncaseinsensitiveutf8 positionutf8 pow power quarter radians range regexpextract replace replaceall replaceone
  replaceregexpall replaceregexpone reverse reverseutf8 right rightpad rightutf8 round roundbankers rounddown rtrim sigmoid
  sign sin splitbychar splitbystring sqrt startswith substr substring substringutf8 subtractdays subtracthours
  subtractminutes subtractmonths subtractseconds subtractweeks subtractyears tan tanh timeslot today tobool todate todate32
  todatetime todatetime64 todayofmonth todayofweek todayofyear todecimal128 todecimal32 todecimal64 tofixedstring tofloat32
  tofloat64 tofloat64ornull tofloat64orzero tohour toint128 toint16 toint32 toint64 toint64ornull toint64orzero toint8
  tointervalday tointervalhour tointervalminute tointervalmonth tointervalquarter tointervalsecond tointervalweek
  tointervalyear tolastdayofmonth tolowcardinality tominute tomonday tomonth tonullable toquarter tosecond tostartofday
  tostartoffifteenminutes tostartoffiveminutes tostartofhour tostartofinterval tostartofminute tostartofmonth
  tostartofquarter tostartoftenminutes tostartofweek tostartofyear tostring totimezone totypename touint128 touint16
  touint32 touint64 touint64ornull touint8 tounixtimestamp tounixtimestamp64milli touuid touuidornull toweek toyear
  toyearweek toyyyymm toyyyymmdd toyyyymmddhhmmss transform translate trim trimboth trimleft trimright trunc tuple
  tupleelement unhex upper upperutf8 uuidv7todatetime widthbucket width_bucket xor yesterday`

const words = (text: string) => text.trim().split(/\s+/)
const FUNCTIONS = new Set([TYPES, WINDOWS, SCALARS].flatMap(words))
const AGGREGATE_FUNCTIONS = new Set(words(AGGREGATES))
/** Endings that change how an aggregate takes its arguments. */
const COMBINATOR = /(?:if|array|distinct|orNull|orDefault)$/i

/** Whether a function of this name may be called: functions compute from their arguments alone, and nothing else. */
export function isAllowedFunction(name: string): boolean {
  let word = name.toLowerCase()
  if (FUNCTIONS.has(word)) return true
  while (!AGGREGATE_FUNCTIONS.has(word)) {
    const shorter = word.replace(COMBINATOR, '')
    if (shorter === word) return false
    word = shorter
  }
  return true
}
