//! What rows have in common of which a rail is asked again and again: when the next one is due, and who takes it up.

/// `next` and `take` of a table whose rows have `ask_at` and `attempts`; a row's id is written as the value that is given.
macro_rules! asked_again {
    ($table:literal, $row:ident: $id:ty => $value:expr) => {
        /// When one is next to be asked about, if there is one.
        ///
        /// # Errors
        /// Whatever the engine says.
        pub fn next(
            db: &dyn crate::store::Db,
        ) -> Result<Option<ledger::Timestamp>, crate::store::StoreError> {
            let sql = concat!("select min(ask_at) from ", $table, " where ask_at is not null");
            Ok(db.first(sql, &[], |row| row.maybe_time(0))?.flatten())
        }

        /// Takes one up that is due, until `until`; answers whether it was still there to take. Where another process is taking
        /// it at this very moment it is left to that one. Whoever stops halfway leaves it to be taken up then.
        ///
        /// # Errors
        /// Whatever the engine says.
        pub fn take(
            db: &dyn crate::store::Db,
            $row: $id,
            now: ledger::Timestamp,
            until: ledger::Timestamp,
        ) -> Result<bool, crate::store::StoreError> {
            let sql = concat!(
                "update ",
                $table,
                " set attempts = attempts + 1, ask_at = ?3 where id in (select id from ",
                $table,
                " where id = ?1 and ask_at <= ?2 /* for update skip locked */)"
            );
            Ok(db.execute(sql, &[$value, now.into(), until.into()])? == 1)
        }
    };
}

pub(super) use asked_again;
