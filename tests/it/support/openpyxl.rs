//! Workbooks as a reader of others sees them: openpyxl, which shares nothing with what wrote them.

use std::{io::Write, process::Command};

use serde_json::Value;

const READ: &str = "
import json, sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
print(json.dumps({sheet.title: [[cell if cell is None or isinstance(cell, (int, float)) else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)] for sheet in book}))
";

/// The cells of each sheet, row by row.
pub fn sheets(workbook: &[u8]) -> Value {
    let mut file = tempfile::Builder::new().suffix(".xlsx").tempfile().expect("a file");
    file.write_all(workbook).expect("written");
    // Debian's own Python has Debian's own packages; another one may stand before it.
    let knows =
        |python: &&str| Command::new(python).args(["-c", "import openpyxl"]).output().is_ok_and(|done| done.status.success());
    let python =
        ["python3", "/usr/bin/python3"].into_iter().find(knows).expect("openpyxl (`scripts/prepare.sh test` installs it)");
    let read = Command::new(python).arg("-c").arg(READ).arg(file.path()).output().expect("read");
    assert!(read.status.success(), "openpyxl refuses it: {}", String::from_utf8_lossy(&read.stderr));
    serde_json::from_slice(&read.stdout).expect("cells")
}
