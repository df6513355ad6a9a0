//! The bench with the real programs: everybody is given a place, filled, and measured.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::pgbench::Pgbench;
use super::rows::{Round, Row, Subject};
use super::seller::{Seller, cold_start};
use super::{Options, Subjects, run};
use crate::chance::Chance;
use crate::fault::Fault;
use crate::peer::Peer;
use crate::place::{Database, Place, any_name};
use crate::process::ShopProcess;
use crate::product;
use crate::stand::Stand;

/// Where the bench runs, and with what.
#[derive(Debug)]
pub struct Course<'a> {
    /// Where everybody's data is put: the disk that is measured.
    pub folder: &'a Path,
    /// A PostgreSQL server on the same disk, for the shop's second store and for the rivals.
    pub server: Option<&'a str>,
    /// The program `pgbench`.
    pub pgbench: &'a Path,
    /// This program, which serves the shop with the bench's own routes beside it, and the peer.
    pub simulator: PathBuf,
    /// The shop's program.
    pub ardoise: PathBuf,
}

/// Where shops were started once. They stay until the run's end: PostgreSQL writes everything to the disk when it drops a
/// database, and whoever is measured next would pay for that.
type Left = RefCell<Vec<Ground>>;

/// A shop's stand, and the place of its books.
struct Ground {
    stand: Stand,
    place: Place,
}

impl Course<'_> {
    /// Fills everybody and runs every round.
    ///
    /// # Errors
    /// Whatever [`run`] says, and [`Fault::Shop`] when one cannot be filled.
    pub fn run(&self, options: &Options, progress: &dyn Fn(Row)) -> Result<Vec<Round>, Fault> {
        let mut chance = Chance::new(options.seed);
        let embedded = self.ground(None, &mut chance)?;
        let on_server = self.server.map(|at| self.ground(Some(at), &mut chance)).transpose()?;
        let mut database = || self.server.map(|at| Database::make(at, &any_name(&mut chance)));
        let (peers, pgbenchs) = (database().transpose()?, database().transpose()?);
        let peer_stand = Stand::new(self.folder)?;
        let left = Left::default();
        let mut sellers = vec![self.shop(&embedded, (None, &left), options, &mut chance)?];
        if let Some(ground) = &on_server {
            sellers.push(self.shop(ground, (self.server, &left), options, &mut chance)?);
        }
        if let Some(database) = &peers {
            sellers.push(self.peer(&peer_stand, database, options, &mut chance)?);
        }
        let pgbench = pgbenchs.map(|database| Pgbench::new(self.pgbench.to_owned(), database));
        let subjects = Subjects { sellers, pgbench: pgbench.transpose()? };
        run(subjects, embedded.stand.folder(), options, progress)
    }

    fn ground(&self, server: Option<&str>, chance: &mut Chance) -> Result<Ground, Fault> {
        let stand = Stand::new(self.folder)?;
        let place = Place::new(stand.data().to_owned(), server, &any_name(chance))?;
        Ok(Ground { stand, place })
    }

    fn shop<'a>(
        &'a self,
        Ground { stand, place }: &'a Ground,
        (server, left): (Option<&'a str>, &'a Left),
        options: &Options,
        chance: &mut Chance,
    ) -> Result<Seller<'a>, Fault> {
        let seeded = product::fill(place, &options.shop())?;
        let shop = stand.shop([self.simulator.clone(), self.ardoise.clone()], place, chance)?;
        Ok(Seller {
            subject: server.map_or(Subject::Sqlite, |_| Subject::Postgres),
            shop: Box::new(shop),
            seeded,
            count: Box::new(|purchases| product::count(place, purchases)),
            cold_start: Some(Box::new(move |chance| {
                let ground = self.ground(server, chance)?;
                let programs = [self.ardoise.clone(), self.ardoise.clone()];
                let took = cold_start(&mut ground.stand.shop(programs, &ground.place, chance)?);
                left.borrow_mut().push(ground);
                took
            })),
        })
    }

    fn peer<'a>(
        &self,
        stand: &Stand,
        database: &'a Database,
        options: &Options,
        chance: &mut Chance,
    ) -> Result<Seller<'a>, Fault> {
        let seeded = Peer::fill(database, &options.shop())?;
        let paths = [stand.data().to_owned(), stand.folder().join("peer.log")];
        let programs = [self.simulator.clone(), self.simulator.clone()];
        let process = ShopProcess::new(programs, &["peer"], paths, chance)?;
        Ok(Seller {
            subject: Subject::Peer,
            shop: Box::new(Peer::new(process, database)),
            seeded,
            count: Box::new(|purchases| Peer::count(database, purchases)),
            cold_start: None,
        })
    }
}
