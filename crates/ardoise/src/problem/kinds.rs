//! Every kind of problem, in one list. Each has its texts, and its page in `docs/problems/`.

use super::Kind;
use crate::pages::reader::MoneyFate;
use http::StatusCode;

macro_rules! kinds {
    ($($name:ident = $code:literal, $status:ident, $money:ident, $title:literal, $detail:literal;)*) => {
        $(
            #[doc = concat!("`", $code, "`")]
            pub static $name: Kind = Kind {
                code: $code,
                status: StatusCode::$status,
                title: $title,
                detail: $detail,
                money: MoneyFate::$money,
                manual: include_str!(concat!("../../../../docs/problems/", $code, ".md")),
            };
        )*

        /// Every kind.
        pub static ALL: &[&Kind] = &[$(&$name),*];
    };
}

kinds! {
    TAB_UNKNOWN = "tab.unknown", UNAUTHORIZED, NothingCharged, "problem-tab-unknown", "problem-tab-unknown-detail";
    TAB_DUE = "tab.due", PAYMENT_REQUIRED, NothingCharged, "problem-tab-due", "problem-tab-due-detail";
    TAB_CLOSED = "tab.closed", PAYMENT_REQUIRED, NothingCharged, "problem-tab-closed", "problem-tab-closed-detail";
    TAB_CLOSED_FOR_GOOD = "tab.closed_for_good", FORBIDDEN, NothingCharged, "problem-tab-closed-for-good", "problem-tab-closed-for-good-detail";
    TAB_DISPUTED = "tab.disputed", CONFLICT, NothingCharged, "problem-tab-disputed", "problem-tab-disputed-detail";
    TAB_OVER_LIMIT = "tab.over_limit", PAYMENT_REQUIRED, NothingCharged, "problem-tab-over-limit", "problem-tab-over-limit-detail";
    TAB_TOO_SMALL = "tab.too_small", PAYMENT_REQUIRED, NothingCharged, "problem-tab-too-small", "problem-tab-too-small-detail";
    TAB_RATE_LIMITED = "tab.rate_limited", TOO_MANY_REQUESTS, NothingCharged, "problem-tab-rate-limited", "problem-tab-rate-limited-detail";
    LINK_UNKNOWN = "link.unknown", NOT_FOUND, NothingCharged, "problem-link-unknown", "problem-link-unknown-detail";
    LINE_UNKNOWN = "line.unknown", NOT_FOUND, TabUnchanged, "problem-line-unknown", "problem-line-unknown-detail";
    WORK_UNKNOWN = "work.unknown", NOT_FOUND, None, "problem-work-unknown", "problem-work-unknown-detail";
    WORK_FOREIGN = "work.foreign", FORBIDDEN, None, "problem-work-foreign", "problem-work-foreign-detail";
    WORK_NOT_FOR_SALE = "work.not_for_sale", GONE, NothingCharged, "problem-work-not-for-sale", "problem-work-not-for-sale-detail";
    WORK_EMPTY = "work.empty", UNPROCESSABLE_ENTITY, None, "problem-work-empty", "problem-work-empty-detail";
    PRICE_CHANGED = "price.changed", CONFLICT, NothingCharged, "problem-price-changed", "problem-price-changed-detail";
    PRICE_BELOW_MINIMUM = "price.below_minimum", UNPROCESSABLE_ENTITY, NothingCharged, "problem-price-below-minimum", "problem-price-below-minimum-detail";
    PRICE_TOO_HIGH = "price.too_high", UNPROCESSABLE_ENTITY, None, "problem-price-too-high", "problem-price-too-high-detail";
    PRICE_TOO_LOW = "price.too_low", UNPROCESSABLE_ENTITY, None, "problem-price-too-low", "problem-price-too-low-detail";
    PURCHASE_CONFLICT = "purchase.conflict", CONFLICT, NothingCharged, "problem-purchase-conflict", "problem-purchase-conflict-detail";
    UNDO_OVER = "undo.over", CONFLICT, TabUnchanged, "problem-undo-over", "problem-undo-over-detail";
    UNDO_WITHHELD = "undo.withheld", CONFLICT, TabUnchanged, "problem-undo-withheld", "problem-undo-withheld-detail";
    SETTLEMENT_TOO_MUCH = "settlement.too_much", UNPROCESSABLE_ENTITY, TabUnchanged, "problem-settlement-too-much", "problem-settlement-too-much-detail";
    SETTLEMENT_NOTHING_OWED = "settlement.nothing_owed", CONFLICT, TabUnchanged, "problem-settlement-nothing-owed", "problem-settlement-nothing-owed-detail";
    SETTLEMENT_NO_RAIL = "settlement.no_rail", NOT_FOUND, TabUnchanged, "problem-settlement-no-rail", "problem-settlement-no-rail-detail";
    CHARGE_UNKNOWN = "charge.unknown", NOT_FOUND, TabUnchanged, "problem-charge-unknown", "problem-charge-unknown-detail";
    CHARGE_IN_DOUBT = "charge.in_doubt", CONFLICT, BeingChecked, "problem-charge-in-doubt", "problem-charge-in-doubt-detail";
    CHARGE_UNFIT = "charge.unfit", UNPROCESSABLE_ENTITY, TabUnchanged, "problem-charge-unfit", "problem-charge-unfit-detail";
    CHARGE_OVER = "charge.over", CONFLICT, TabUnchanged, "problem-charge-over", "problem-charge-over-detail";
    CHARGE_BELOW_MINIMUM = "charge.below_minimum", UNPROCESSABLE_ENTITY, TabUnchanged, "problem-charge-below-minimum", "problem-charge-below-minimum-detail";
    CHARGE_ABOVE_MAXIMUM = "charge.above_maximum", UNPROCESSABLE_ENTITY, TabUnchanged, "problem-charge-above-maximum", "problem-charge-above-maximum-detail";
    RAIL_FORGED = "rail.forged", BAD_REQUEST, TabUnchanged, "problem-rail-forged", "problem-rail-forged-detail";
    RAIL_BUSY = "rail.busy", SERVICE_UNAVAILABLE, TabUnchanged, "problem-rail-busy", "problem-rail-busy-detail";
    SETTLEMENT_UNKNOWN = "settlement.unknown", NOT_FOUND, TabUnchanged, "problem-settlement-unknown", "problem-settlement-unknown-detail";
    STATEMENT_UNREADABLE = "statement.unreadable", UNPROCESSABLE_ENTITY, TabUnchanged, "problem-statement-unreadable", "problem-statement-unreadable-detail";
    VOUCHER_UNUSABLE = "voucher.unusable", NOT_FOUND, TabUnchanged, "problem-voucher-unusable", "problem-voucher-unusable-detail";
    VOUCHERS_PRINTED = "voucher.printed", CONFLICT, None, "problem-voucher-printed", "problem-voucher-printed-detail";
    ANSWERS_TOO_MANY = "charge.too_many_answers", TOO_MANY_REQUESTS, TabUnchanged, "problem-answers-too-many", "problem-answers-too-many-detail";
    ENTRY_PLACED = "entry.placed", CONFLICT, TabUnchanged, "problem-entry-placed", "problem-entry-placed-detail";
    REFUND_TOO_LARGE = "refund.too_large", UNPROCESSABLE_ENTITY, TabUnchanged, "problem-refund-too-large", "problem-refund-too-large-detail";
    REFUND_BY_HAND = "refund.by_hand", CONFLICT, TabUnchanged, "problem-refund-by-hand", "problem-refund-by-hand-detail";
    WRITE_OFF_TOO_EARLY = "write_off.too_early", CONFLICT, TabUnchanged, "problem-write-off-too-early", "problem-write-off-too-early-detail";
    PAYOUT_TOO_MUCH = "payout.too_much", UNPROCESSABLE_ENTITY, None, "problem-payout-too-much", "problem-payout-too-much-detail";
    PAYOUT_TOO_LITTLE = "payout.too_little", UNPROCESSABLE_ENTITY, None, "problem-payout-too-little", "problem-payout-too-little-detail";
    PAYOUT_NO_RAIL = "payout.no_rail", NOT_FOUND, None, "problem-payout-no-rail", "problem-payout-no-rail-detail";
    PAYOUT_NO_ADDRESS = "payout.no_address", CONFLICT, None, "problem-payout-no-address", "problem-payout-no-address-detail";
    PAYOUT_ADDRESS = "payout.address", UNPROCESSABLE_ENTITY, None, "problem-payout-address", "problem-payout-address-detail";
    ADDRESS_INVALID = "address.invalid", UNPROCESSABLE_ENTITY, NothingCharged, "problem-address-invalid", "problem-address-invalid-detail";
    MAIL_LINK_OVER = "mail.link_over", GONE, TabUnchanged, "problem-mail-link-over", "problem-mail-link-over-detail";
    AMOUNT_INVALID = "amount.invalid", UNPROCESSABLE_ENTITY, NothingCharged, "problem-amount-invalid", "problem-amount-invalid-detail";
    FIELD_INVALID = "field.invalid", UNPROCESSABLE_ENTITY, None, "problem-field-invalid", "problem-field-invalid-detail";
    REQUEST_MALFORMED = "request.malformed", BAD_REQUEST, NothingCharged, "problem-request-malformed", "problem-request-malformed-detail";
    REQUEST_TOO_LARGE = "request.too_large", PAYLOAD_TOO_LARGE, NothingCharged, "problem-request-too-large", "problem-request-too-large-detail";
    REQUEST_CROSS_SITE = "request.cross_site", FORBIDDEN, NothingCharged, "problem-request-cross-site", "problem-request-cross-site-detail";
    REQUEST_TIMEOUT = "request.timeout", REQUEST_TIMEOUT, NothingCharged, "problem-request-timeout", "problem-request-timeout-detail";
    PAGE_MISSING = "page.missing", NOT_FOUND, None, "problem-page-missing", "problem-page-missing-detail";
    PAGE_METHOD = "page.method", METHOD_NOT_ALLOWED, None, "problem-page-method", "problem-page-method-detail";
    ACCESS_DENIED = "access.denied", FORBIDDEN, NothingCharged, "problem-access-denied", "problem-access-denied-detail";
    FILE_MISSING = "file.missing", GONE, None, "problem-file-missing", "problem-file-missing-detail";
    FILE_LOST = "file.lost", GONE, LineUndone, "problem-file-lost", "problem-file-lost-detail";
    SIGN_IN_NEEDED = "sign_in.needed", UNAUTHORIZED, None, "problem-sign-in-needed", "problem-sign-in-needed-detail";
    SIGN_IN_SPENT = "sign_in.spent", GONE, None, "problem-sign-in-spent", "problem-sign-in-spent-detail";
    SIGN_IN_FORBIDDEN = "sign_in.forbidden", FORBIDDEN, None, "problem-sign-in-forbidden", "problem-sign-in-forbidden-detail";
    UPLOAD_OFFSET = "upload.offset", CONFLICT, None, "problem-upload-offset", "problem-upload-offset-detail";
    UPLOAD_BUSY = "upload.busy", LOCKED, None, "problem-upload-busy", "problem-upload-busy-detail";
    UPLOAD_TOO_LARGE = "upload.too_large", PAYLOAD_TOO_LARGE, None, "problem-upload-too-large", "problem-upload-too-large-detail";
    UPLOAD_BROKEN = "upload.broken", BAD_REQUEST, None, "problem-upload-broken", "problem-upload-broken-detail";
    UPLOAD_UNKNOWN = "upload.unknown", NOT_FOUND, None, "problem-upload-unknown", "problem-upload-unknown-detail";
    UPLOAD_TOO_MANY = "upload.too_many", TOO_MANY_REQUESTS, None, "problem-upload-too-many", "problem-upload-too-many-detail";
    UPLOAD_VERSION = "upload.version", PRECONDITION_FAILED, None, "problem-upload-version", "problem-upload-version-detail";
    UPLOAD_CONTENT_TYPE = "upload.content_type", UNSUPPORTED_MEDIA_TYPE, None, "problem-upload-content-type", "problem-upload-content-type-detail";
    KEY_MISSING = "key.missing", UNAUTHORIZED, None, "problem-key-missing", "problem-key-missing-detail";
    KEY_REFUSED = "key.refused", UNAUTHORIZED, None, "problem-key-refused", "problem-key-refused-detail";
    KEY_UNKNOWN = "key.unknown", NOT_FOUND, None, "problem-key-unknown", "problem-key-unknown-detail";
    WEBHOOK_UNKNOWN = "webhook.unknown", NOT_FOUND, None, "problem-webhook-unknown", "problem-webhook-unknown-detail";
    SALE_UNKNOWN = "sale.unknown", NOT_FOUND, None, "problem-sale-unknown", "problem-sale-unknown-detail";
    IDEMPOTENCY_CONFLICT = "idempotency.conflict", CONFLICT, None, "problem-idempotency-conflict", "problem-idempotency-conflict-detail";
    FIELD_UNKNOWN = "field.unknown", UNPROCESSABLE_ENTITY, None, "problem-field-unknown", "problem-field-unknown-detail";
    FIELD_MISSING = "field.missing", UNPROCESSABLE_ENTITY, None, "problem-field-missing", "problem-field-missing-detail";
    FIELD_MISTYPED = "field.mistyped", UNPROCESSABLE_ENTITY, None, "problem-field-mistyped", "problem-field-mistyped-detail";
    REQUEST_MEDIA_TYPE = "request.media_type", UNSUPPORTED_MEDIA_TYPE, None, "problem-request-media-type", "problem-request-media-type-detail";
    FILE_UNAVAILABLE = "file.unavailable", SERVICE_UNAVAILABLE, NothingCharged, "problem-file-unavailable", "problem-file-unavailable-detail";
    STORE_BUSY = "store.busy", SERVICE_UNAVAILABLE, NothingCharged, "problem-store-busy", "problem-store-busy-detail";
    STORE_FULL = "store.full", INSUFFICIENT_STORAGE, NothingCharged, "problem-store-full", "problem-store-full-detail";
    STORE_CLOSED = "store.closed", SERVICE_UNAVAILABLE, NothingCharged, "problem-store-closed", "problem-store-closed-detail";
    STORE_GONE = "store.gone", SERVICE_UNAVAILABLE, NothingCharged, "problem-store-gone", "problem-store-gone-detail";
    STORE_UNKNOWN = "store.unknown", SERVICE_UNAVAILABLE, BeingChecked, "problem-store-unknown", "problem-store-unknown-detail";
    SHOP_FAILED = "shop.failed", INTERNAL_SERVER_ERROR, NothingCharged, "problem-shop-failed", "problem-shop-failed-detail";
}
