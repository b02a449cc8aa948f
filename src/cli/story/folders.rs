//! What lies in the folders of the contracts: papers that stand for those that a partner would have signed. All of it is invented.

use serde_json::json;

use super::{Cast, contract, of_the_story, taken};
use crate::{
    contracts,
    error::ApiResult,
    http::{Body, IdempotencyKey},
};

/// Puts them in, once.
pub(super) async fn play(cast: &Cast<'_>) -> ApiResult<()> {
    let agreements = [("NORWAC-2015-A", "2014-12-18"), ("NORWAC-2015-B", "2015-05-14"), ("IRC-2015", "2014-12-10")];
    for (code, dated_on) in agreements {
        let text = format!("Contract {code}.\nThe parties have agreed on what its record in the register says (invented).\n");
        put(cast, code, ["agreement", "contract", "The contract as it was signed", dated_on], text).await?;
    }
    let text = "Budget of NORWAC-2015-A.\nIts lines and their months stand in the register (invented).\n".to_owned();
    put(cast, "NORWAC-2015-A", ["budget", "contract", "The budget as it was agreed", "2014-12-18"], text).await?;
    let text = "To our partner: may the second contract begin before 16 May? (invented)\n".to_owned();
    put(cast, "NORWAC-2015-A", ["correspondence", "other", "Letter on the days without a contract", "2015-04-20"], text).await
}

async fn put(cast: &Cast<'_>, code: &str, [what, kind, title, dated_on]: [&str; 4], text: String) -> ApiResult<()> {
    let name = format!("{code}-{what}.txt");
    let file = cast.send(cast.manager, kind, &name, text).await?;
    let document = Body::said(json!({
        "id": of_the_story(&format!("document {name}")),
        "attachment_id": file,
        "kind": what,
        "title": title,
        "dated_on": dated_on,
    }))?;
    taken(contracts::attach(cast.db, cast.manager, contract(code), &IdempotencyKey::none(), &document).await)
}
