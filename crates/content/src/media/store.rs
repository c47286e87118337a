//! The folder of renditions: `{dir}/{tenant}/{hash}-{w}.webp`, written once, never changed.

use super::render::Rendered;
use primitives::TenantId;
use std::io;
use std::path::{Path, PathBuf};

/// The folder that `media.dir` names.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub fn new(dir: &Path) -> Folder {
        Folder(dir.to_owned())
    }

    /// Writes all renditions; files that are there already hold the same. Blocks.
    pub fn put(&self, tenant: TenantId, rendered: &Rendered) -> io::Result<()> {
        let folder = self.0.join(tenant.to_string());
        std::fs::create_dir_all(&folder)?;
        for (width, bytes) in &rendered.renditions {
            let path = folder.join(file_name(&rendered.hash, *width));
            if path.exists() {
                continue;
            }
            // Written aside and moved into place, so that nobody is ever served half a file.
            let aside = folder.join(format!(".{}-{width}-{}", rendered.hash, uuid::Uuid::now_v7().simple()));
            let written = write_durably(&aside, bytes).and_then(|()| std::fs::rename(&aside, &path));
            if let Err(error) = written {
                // The first error is the one to report; the left-over is hidden and harmless.
                let _ = std::fs::remove_file(&aside);
                return Err(error);
            }
        }
        Ok(())
    }

    /// The path of a rendition.
    pub fn path(&self, tenant: TenantId, hash: &str, width: u32) -> PathBuf {
        self.0.join(tenant.to_string()).join(file_name(hash, width))
    }
}

fn file_name(hash: &str, width: u32) -> String {
    format!("{hash}-{width}.webp")
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use io::Write as _;
    let mut file = std::fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
