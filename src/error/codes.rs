//! Every answer that is not a success, in one table: stable code, status, and what a reader is told.

use actix_web::http::StatusCode;

macro_rules! codes {
    ($($variant:ident $code:literal $status:literal $en:literal $ar:literal;)+) => {
        /// The stable name of a refusal. It is the last part of the problem's `type` and never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $en] $variant,)+ }

        impl Code {
            /// Every code, for the OpenAPI document and the tests.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The kebab-case name that clients switch on.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The HTTP status a problem of this code is answered with.
            pub fn status(self) -> StatusCode {
                let number: u16 = match self { $(Self::$variant => $status,)+ };
                StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// What the reader is told, in English or Arabic.
            pub const fn text(self, locale: Locale) -> &'static str {
                match (self, locale) { $(
                    (Self::$variant, Locale::English) => $en,
                    (Self::$variant, Locale::Arabic) => $ar,
                )+ }
            }
        }
    };
}

/// The languages that problems are told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Locale {
    /// The language of every reader who did not ask for another.
    #[default]
    English,
    /// Asked for by `Accept-Language: ar`.
    Arabic,
}

codes! {
    // 400: the request cannot be read.
    MalformedJson "malformed-json" 400 "The body is not valid JSON." "نص الطلب ليس JSON صحيحًا.";
    DuplicateKey "duplicate-key" 400 "A field stands twice in one object." "حقل مكرر في الكائن نفسه.";
    TooDeep "too-deep" 400 "The body is nested too deeply." "تداخل نص الطلب أعمق من المسموح.";
    MalformedEncoding "malformed-encoding" 400 "The compressed body cannot be read." "تعذرت قراءة النص المضغوط.";
    MalformedForm "malformed-form" 400 "The form cannot be read, or was cut off." "تعذرت قراءة النموذج أو انقطع.";
    MalformedQuery "malformed-query" 400 "The query string cannot be read." "تعذرت قراءة معاملات العنوان.";
    UnknownParameter "unknown-parameter" 400 "The query has a parameter that does not exist here." "في العنوان معامل غير معروف هنا.";
    DuplicateParameter "duplicate-parameter" 400 "A query parameter stands twice." "معامل مكرر في العنوان.";
    InvalidCursor "invalid-cursor" 400 "This page marker is not one that was given out for this list." "علامة الصفحة هذه لم تُعطَ لهذه القائمة.";
    InvalidIfMatch "invalid-if-match" 400 "If-Match takes one strong ETag as it was given out." "يقبل If-Match وسم ETag قويًا واحدًا كما أُعطي.";
    IdempotencyKeyInvalid "idempotency-key-invalid" 400 "Idempotency-Key takes 1 to 255 printable characters." "يقبل Idempotency-Key من 1 إلى 255 حرفًا مطبوعًا.";
    TokenInUrl "token-in-url" 400 "Tokens are never sent in an address; this one is no longer safe." "لا تُرسل الرموز في العنوان؛ هذا الرمز لم يعد آمنًا.";
    MalformedHeader "malformed-header" 400 "A header cannot be read or stands twice." "ترويسة غير مقروءة أو مكررة.";
    // 401 and 403: who is asking.
    Unauthenticated "unauthenticated" 401 "Sign in first." "سجّل الدخول أولًا.";
    InvalidToken "invalid-token" 401 "The token is not valid." "رمز الدخول غير صالح.";
    WrongCredentials "wrong-credentials" 401 "E-mail and password do not match." "البريد وكلمة المرور غير متطابقين.";
    TokenReuse "token-reuse" 401 "This sign-in was ended because a spent token was used again." "أُنهيت هذه الجلسة لأن رمزًا مستهلكًا استُعمل ثانية.";
    Forbidden "forbidden" 403 "Your role does not allow this." "دورك لا يسمح بهذا.";
    NotGranted "not-granted" 403 "The share grant does not give this." "منحة المشاركة لا تتضمن هذا.";
    NoOpenGrant "no-open-grant" 403 "No share grant is open to you today." "لا توجد منحة مشاركة مفتوحة لك اليوم.";
    // 404 to 431: what is asked for.
    NotFound "not-found" 404 "There is nothing here." "لا يوجد شيء هنا.";
    MethodNotAllowed "method-not-allowed" 405 "This address does not take that method." "هذا العنوان لا يقبل هذه الطريقة.";
    NotAcceptable "not-acceptable" 406 "This cannot be given in any form you accept." "لا يمكن تقديم هذا بأي صيغة تقبلها.";
    RequestTimeout "request-timeout" 408 "The body came too slowly." "وصل نص الطلب ببطء شديد.";
    Duplicate "duplicate" 409 "Another record already has this." "سجل آخر يحمل هذه القيمة.";
    PossibleDuplicate "possible-duplicate" 409 "A record of much the same name exists here; confirm that they are two." "يوجد سجل باسم شبيه هنا؛ أكّد أنهما اثنان.";
    Overlap "overlap" 409 "The period overlaps another of the same kind." "الفترة تتداخل مع أخرى من النوع نفسه.";
    RecordConflict "record-conflict" 409 "This id already names a record with other content." "هذا المعرّف لسجل آخر مختلف المحتوى.";
    IdempotencyInProgress "idempotency-in-progress" 409 "The first request with this key is still being worked on." "الطلب الأول بهذا المفتاح ما زال قيد التنفيذ.";
    WrongState "wrong-state" 409 "The record is in a state that does not allow this." "حالة السجل لا تسمح بهذا.";
    NotPublished "not-published" 409 "The report has not been published: there is nothing to be handed on." "لم يُنشر هذا التقرير: لا شيء فيه يُسلَّم بعد.";
    ReporterUnidentified "reporter-unidentified" 409 "No organisation of our own bears an identifier to report under." "لا تحمل أي منظمة من منظماتنا معرّفًا يُنشر التقرير باسمه.";
    StillInUse "still-in-use" 409 "Other records in use name this one; retire those first, or close it instead." "سجلات أخرى مستعملة تشير إلى هذا السجل؛ اسحبها أولًا أو أغلقه.";
    InsufficientStock "insufficient-stock" 409 "There is less of a lot than the document takes." "الكمية المتوفرة من إحدى التشغيلات أقل من المطلوب.";
    LaterInsufficientStock "later-insufficient-stock" 409 "On a later day there would have been less than nothing." "كان الرصيد سيصبح سالبًا في يوم لاحق.";
    Outstanding "outstanding" 409 "Something is outstanding: receive it, or record and settle a discrepancy." "هناك كمية لم تُستلم: استلمها أو سجّل فرقًا وسوِّه.";
    StockReserved "stock-reserved" 409 "Some of it is set aside for a shipment and not free." "جزء من الكمية محجوز لشحنة وليس متاحًا.";
    SecondPersonRequired "second-person-required" 409 "This takes a second person, who is not the first." "يتطلب هذا شخصًا ثانيًا غير الأول.";
    CountOpen "count-open" 409 "Another count of this place is open; finish or cancel it first." "جرد آخر لهذا الموقع مفتوح؛ أنهِه أو ألغِه أولًا.";
    LotExpired "lot-expired" 409 "A lot has expired by that day; it may only be set aside." "تشغيلة منتهية الصلاحية في ذلك اليوم؛ يجوز عزلها فقط.";
    LotRecalled "lot-recalled" 409 "A lot has been recalled; it may only be set aside." "تشغيلة مسحوبة من الاستعمال؛ يجوز عزلها فقط.";
    LotBlocked "lot-blocked" 409 "A lot is in quarantine or on hold; it may only be set aside." "تشغيلة في الحجر أو موقوفة؛ يجوز عزلها فقط.";
    TankOverCapacity "tank-over-capacity" 409 "On that day or a later one there would be more in the tank than it holds." "كانت الكمية في الخزان ستتجاوز سعته في ذلك اليوم أو بعده.";
    PersonDeparted "person-departed" 409 "The person had left by then; record the return first." "كان الشخص قد غادر حينها؛ سجّل عودته أولًا.";
    PostsAfterDeparture "posts-after-departure" 409 "A post begins after that day; retire it first, or record the return." "هناك وظيفة تبدأ بعد ذلك اليوم؛ اسحبها أولًا أو سجّل العودة.";
    DipStands "dip-stands" 409 "A dip of the tank on that day or a later one stands; turn it round first." "يوجد قياس للخزان في ذلك اليوم أو بعده؛ اعكسه أولًا.";
    RefundOverGift "refund-over-gift" 409 "More would be given back than was given." "سيُعاد أكثر مما أُعطي.";
    OverRaised "over-raised" 409 "More would be allocated than was raised." "سيُخصَّص أكثر مما جُمع.";
    AllocatedAlready "allocated-already" 409 "The money has been allocated; turn an allocation round first, or give an override with its reason." "المال مخصَّص؛ اعكس تخصيصًا أولًا أو أعطِ استثناءً وسببه.";
    PaidTwice "paid-twice" 409 "Another contract pays a person for this month too: the run's /overlaps tells who; give a waiver with its reason." "عقد آخر يدفع لشخص عن هذا الشهر أيضًا: تجده في overlaps؛ أعطِ استثناءً وسببه.";
    AlreadyPaid "already-paid" 409 "That entry has been paid." "هذا المستحق مدفوع.";
    NothingDue "nothing-due" 409 "Nothing of the run is due." "لا شيء مستحق في هذه الدورة.";
    EntriesOpen "entries-open" 409 "Entries are still due: pay, hold or carry them over first." "مستحقات ما زالت مفتوحة: ادفعها أو علّقها أو رحّلها أولًا.";
    UnpricedPosts "unpriced-posts" 409 "Posts of the month have no scale, or scales of several currencies: the run's /unpriced-posts tells which." "مناصب في هذا الشهر بلا سلم رواتب أو بعملات مختلفة: تجدها في unpriced-posts.";
    AttachmentInfected "attachment-infected" 409 "The scanner found something harmful in this file; it is not given out." "وجد الفاحص شيئًا ضارًا في هذا الملف؛ لا يُسلَّم.";
    AttachmentUnscanned "attachment-unscanned" 409 "This file has not been scanned yet; it is not given out before." "لم يُفحص هذا الملف بعد؛ لا يُسلَّم قبل ذلك.";
    ContractSigned "contract-signed" 409 "The contract is signed: its terms change by amendments only." "العقد موقّع: لا تتغيّر شروطه إلا بملاحق.";
    ContractNotSigned "contract-not-signed" 409 "The contract is not signed; no money moves before it is." "العقد غير موقّع؛ لا تتحرك أموال قبل توقيعه.";
    OverBudget "over-budget" 409 "The budget line has less left; give an override with its reason." "المتبقي في بند الميزانية أقل؛ أعطِ استثناءً وسببه.";
    OverContract "over-contract" 409 "The budget lines would come to more than the contract." "مجموع بنود الميزانية سيتجاوز مبلغ العقد.";
    OverCommitment "over-commitment" 409 "Less than that is left of the commitment." "المتبقي من الالتزام أقل من ذلك.";
    RunsIntoRenewal "runs-into-renewal" 409 "The extension would run into the contract that renews this one." "التمديد سيتداخل مع العقد الذي يجدد هذا العقد.";
    OverlappingAmendment "overlapping-amendment" 409 "Another amendment of this kind takes effect on that day." "ملحق آخر من النوع نفسه يسري في ذلك اليوم.";
    AmendmentStands "amendment-stands" 409 "Something stands on what this amendment changed." "هناك ما يستند إلى ما غيّره هذا الملحق.";
    CellsDiffer "cells-differ" 409 "A grant of this contract has told of its people with another smallest cell; take the same." "منحة أخرى لهذا العقد أعطت أعداد الأشخاص بحد أدنى مختلف؛ استعمل الحد نفسه.";
    GrantsDiffer "grants-differ" 409 "An open grant of this contract tells places or names otherwise; take the same, or end it first." "منحة مفتوحة أخرى لهذا العقد تعطي الأماكن أو الأسماء بطريقة مختلفة؛ استعمل الطريقة نفسها أو أنهِها أولًا.";
    MonthNotFrozen "month-not-frozen" 409 "That month is not told yet: its counts are taken some days after its end." "لم يُعلن هذا الشهر بعد: تؤخذ أعداده بعد أيام من نهايته.";
    NoLiveKey "no-live-key" 409 "No key of the share grant is in use; nothing is sent without one." "لا يوجد مفتاح مستعمل لمنحة المشاركة؛ لا يُرسل شيء بدونه.";
    TellsNoChanges "tells-no-changes" 409 "This grant gives no records whose changes could be told." "هذه المنحة لا تعطي سجلات يمكن الإخبار بتغيّرها.";
    WebhooksFull "webhooks-full" 409 "A share grant has five webhooks at most; retire one first." "لمنحة المشاركة خمسة خطافات ويب على الأكثر؛ اسحب واحدًا أولًا.";
    RecordDeleted "record-deleted" 410 "This record has been retired." "هذا السجل مسحوب.";
    StaleRevision "stale-revision" 412 "The record has changed since you read it." "تغيّر السجل منذ قراءتك له.";
    PayloadTooLarge "payload-too-large" 413 "The body is larger than allowed." "نص الطلب أكبر من المسموح.";
    UnsupportedMediaType "unsupported-media-type" 415 "The body is not sent in the form that this address reads." "نص الطلب ليس بالصيغة التي يقرؤها هذا العنوان.";
    UnsupportedFile "unsupported-file" 415 "Files of this kind are not kept; send PDF, JPEG, PNG, an office document, CSV or plain text." "لا تُحفظ ملفات من هذا النوع؛ أرسل PDF أو JPEG أو PNG أو مستندًا مكتبيًا أو CSV أو نصًا.";
    UnsupportedEncoding "unsupported-encoding" 415 "This content encoding is not supported." "ترميز المحتوى هذا غير مدعوم.";
    IdempotencyKeyReused "idempotency-key-reused" 422 "This key was used with another request." "استُعمل هذا المفتاح مع طلب آخر.";
    ValidationFailed "validation-failed" 422 "Some values are not right; each is listed." "بعض القيم غير صحيحة؛ كلها مذكورة.";
    PreconditionRequired "precondition-required" 428 "An edit needs If-Match with the ETag of the record." "يتطلب التعديل If-Match بوسم ETag للسجل.";
    TooManyRequests "too-many-requests" 429 "Too many attempts; wait a little." "محاولات كثيرة؛ انتظر قليلًا.";
    HeadersTooLarge "headers-too-large" 431 "The headers are larger than allowed." "الترويسات أكبر من المسموح.";
    // 5xx: our side.
    Internal "internal" 500 "Something went wrong here; it has been recorded." "حدث خطأ لدينا وقد سُجّل.";
    Unavailable "unavailable" 503 "The service cannot reach its database; try again." "تعذر الوصول إلى قاعدة البيانات؛ حاول مجددًا.";
    FilesUnavailable "files-unavailable" 503 "The service cannot reach its store of files; try again." "تعذر الوصول إلى مخزن الملفات؛ حاول مجددًا.";
    PdfUnavailable "pdf-unavailable" 503 "This service makes no PDF; take the document or the workbook of the report." "لا تُعِدّ هذه الخدمة ملفات PDF؛ خذ وثيقة التقرير أو جداوله.";
    StorageFull "storage-full" 503 "The service cannot store anything now; reading still works." "لا يمكن التخزين الآن؛ القراءة متاحة.";
    // Faults of single values, always inside a problem.
    UnknownField "unknown-field" 422 "There is no such field." "لا يوجد حقل بهذا الاسم.";
    UnknownValue "unknown-value" 422 "Not one of the allowed values." "ليست من القيم المسموحة.";
    UnknownReference "unknown-reference" 422 "There is no such record." "لا يوجد سجل كهذا.";
    RetiredReference "retired-reference" 422 "That record has been retired." "السجل المشار إليه مسحوب.";
    MergedIntoItself "merged-into-itself" 422 "A record is not merged into itself." "لا يُدمج السجل في نفسه.";
    MergedReference "merged-reference" 422 "That record was merged into another; name the one that took its place." "دُمج السجل المشار إليه في آخر؛ أشر إلى السجل الذي حلّ محله.";
    MergeCircle "merge-circle" 422 "That record was merged into this one; it cannot take its place." "دُمج ذلك السجل في هذا السجل؛ لا يمكن أن يحل محله.";
    Superseded "superseded" 422 "A newer version of that record is in use." "توجد نسخة أحدث مستعملة من هذا السجل.";
    UnfitReference "unfit-reference" 422 "That record is not of the kind that belongs here." "السجل المشار إليه ليس من النوع المطلوب هنا.";
    WrongPlaces "wrong-places" 422 "No act leads from the one place to the other." "لا حركة تؤدي من هذا الموقع إلى ذاك.";
    WrongDirection "wrong-direction" 422 "This reason explains a loss where there is a gain, or the other way round." "هذا السبب يفسّر نقصًا حيث توجد زيادة، أو العكس.";
    NotControlled "not-controlled" 422 "This is not controlled; a stock document of one person does." "هذا غير خاضع للرقابة؛ يكفيه مستند مخزون من شخص واحد.";
    Required "required" 422 "A value is required." "القيمة مطلوبة.";
    WrongType "wrong-type" 422 "The value is of the wrong type." "نوع القيمة غير صحيح.";
    InvalidText "invalid-text" 422 "The text has characters that are not allowed." "في النص محارف غير مسموحة.";
    TooLong "too-long" 422 "Too long." "أطول من المسموح.";
    TooShort "too-short" 422 "Too short." "أقصر من المسموح.";
    InvalidFormat "invalid-format" 422 "Not of the required form." "ليست بالصيغة المطلوبة.";
    HttpsRequired "https-required" 422 "Only addresses that begin with https:// are taken here." "لا تُقبل هنا إلا العناوين التي تبدأ بـ https://.";
    CredentialsInUrl "credentials-in-url" 422 "An address holds no user name and no password; events are signed." "لا يحمل العنوان اسم مستخدم ولا كلمة مرور؛ الأحداث موقّعة.";
    PortRefused "port-refused" 422 "Only port 443 and ports above 1023 are taken." "لا يُقبل إلا المنفذ 443 والمنافذ فوق 1023.";
    PrivateAddress "private-address" 422 "That address is not one of the public internet." "هذا العنوان ليس من الإنترنت العام.";
    ArabicDigits "arabic-digits" 422 "Write numbers and days in digits 0 to 9." "اكتب الأرقام والتواريخ بالأرقام 0 إلى 9.";
    InvalidDate "invalid-date" 422 "Not a day of the calendar; write YYYY-MM-DD." "ليس يومًا في التقويم؛ اكتب YYYY-MM-DD.";
    InvalidMoment "invalid-moment" 422 "Not a moment; write it with its offset, as 2016-02-01T00:00:00Z." "ليست لحظة صحيحة؛ اكتبها مع فرق التوقيت مثل 2016-02-01T00:00:00Z.";
    DateOutOfRange "date-out-of-range" 422 "The day is outside the years that are recorded." "اليوم خارج السنوات المسجلة.";
    DateOrder "date-order" 422 "The end lies before the start." "النهاية قبل البداية.";
    OutsidePeriod "outside-period" 422 "The days share none with those of what grants them." "لا يوم مشترك مع مدة ما يمنحها.";
    DateInFuture "date-in-future" 422 "The day lies in the future." "اليوم في المستقبل.";
    DateInPast "date-in-past" 422 "That day is over." "ذلك اليوم مضى.";
    BeyondGrant "beyond-grant" 422 "The share grant ends before that day." "تنتهي منحة المشاركة قبل ذلك اليوم.";
    NotMonthEnd "not-month-end" 422 "Only the last day of a month is taken." "لا يُقبل إلا آخر يوم من الشهر.";
    OutOfRange "out-of-range" 422 "The number is outside the allowed range." "العدد خارج المجال المسموح.";
    Precision "precision" 422 "More digits than are kept." "أرقام أكثر مما يُحفظ.";
    FractionalUnit "fractional-unit" 422 "That is no whole number of the item's base unit." "هذا ليس عددًا صحيحًا من وحدة الصنف الأساسية.";
    NothingApproved "nothing-approved" 422 "Nothing would be approved; reject it instead." "لن يُعتمد شيء؛ ارفض الطلب بدلًا من ذلك.";
    WrongCheckDigit "wrong-check-digit" 422 "The check digit is wrong: scan or read the number again." "رقم التحقق خاطئ: أعد مسح الرقم أو قراءته.";
    UnknownIdentifier "unknown-identifier" 422 "The code has an application identifier that is not read here." "في الرمز معرّف تطبيق لا يُقرأ هنا.";
    MissingSeparator "missing-separator" 422 "A separator is missing: one value runs into the next." "فاصل ناقص: قيمة تتصل بالتي تليها.";
    UnknownCurrency "unknown-currency" 422 "Not a currency of ISO 4217." "ليست عملة من ISO 4217.";
    MissingRate "missing-rate" 422 "No rate between the two currencies was told for that day or the 31 before it." "لا سعر صرف بين العملتين لذلك اليوم ولا للأيام الـ31 التي قبله.";
    OtherTotal "other-total" 422 "Not what the entries add up to." "ليس مجموع المستحقات.";
    CurrencyMismatch "currency-mismatch" 422 "Not the currency of what it belongs to; sums of several currencies are never made." "ليست عملة ما ينتمي إليه؛ لا تُجمع عملات مختلفة.";
    ChangesNothing "changes-nothing" 422 "This is not what an amendment of its kind changes, or not in that direction." "هذا لا يغيّر ما يغيّره ملحق من هذا النوع أو يغيّره في الاتجاه المعاكس.";
    Unchanged "unchanged" 422 "This is what it is already." "هذا ما هو عليه الآن.";
    CoordinateOutOfRange "coordinate-out-of-range" 422 "The coordinates cannot be those of a facility here." "لا يمكن أن تكون هذه إحداثيات منشأة هنا.";
    SharesOverFull "shares-over-full" 422 "The person's shares would exceed 100 % on some day; give a waiver with its reason." "مجموع نسب الشخص يتجاوز 100٪ في يوم ما؛ أعطِ استثناءً وسببه.";
    TooMany "too-many" 422 "Too many entries." "عناصر أكثر من المسموح.";
    WholeContractOnly "whole-contract-only" 422 "Counts are given of a whole contract; leave out the facilities or the counts." "تُعطى الأعداد عن العقد كله؛ احذف المنشآت أو الأعداد.";
    Repeated "repeated" 422 "An entry stands twice." "عنصر مكرر.";
    WeakPassword "weak-password" 422 "The password is too short or too common." "كلمة المرور قصيرة أو شائعة.";
}
